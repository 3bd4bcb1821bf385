"""A conversation on the practice exchange: its legs by who they are, and what any conversation can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import DOWN, RING, RINGING, UP, Bridge, Channel, Headers


@dataclass(frozen=True, slots=True)
class Consultation:
    """An attended transfer on its way: who asks whom, by which Local pair, in which bridges."""

    asker: Channel
    asked: Channel
    one: Channel
    two: Channel
    waiting: Bridge
    talking: Bridge


class Conversation:
    """The legs of one call. `legs` maps an extension, `caller`, `outside` or `mobile` to its channel;
    `first` is the leg that the call began with, `dialled` those that ring for it now."""

    def __init__(self, exchange: Exchange, number: str = "", name: str = "") -> None:
        self.exchange = exchange
        self.number = number
        self.name = name
        self.legs: dict[str, Channel] = {}
        self.first: Channel | None = None
        self.dialled: list[Channel] = []
        self.queued_at: datetime | None = None
        self.agent: Channel | None = None
        self.answered_at: datetime | None = None
        self.locals: dict[str, tuple[Channel, Channel]] = {}
        self.consultation: Consultation | None = None

    @property
    def is_over(self) -> bool:
        """Whether the first leg is gone (somebody may have hung it up by AMI)."""
        return self.first is not None and self.first not in self.exchange.channels

    @property
    def lead(self) -> Channel:
        """The first leg of a call that has begun."""
        if self.first is None:
            raise ValueError("the script does something before anybody dials")
        return self.first

    def begin(self, who: str, channel: Channel) -> None:
        """The call begins with this leg."""
        self.legs[who] = channel
        self.first = channel

    def queue_headers(self) -> Headers:
        """The queue's name, as the agents' events carry it."""
        return [("Queue", self.exchange.cast.queue)]

    def agent_headers(self, member: Channel) -> Headers:
        """Caller, member and queue: the block that all agents' events begin with."""
        extension = member.number
        who = [("Interface", member.device), ("MemberName", self.exchange.cast.people[extension])]
        return [*self.lead.headers(), *member.headers("Dest"), *self.queue_headers(), *who]

    def ring(self, extension: str) -> Channel:
        """Ring a phone for the first leg, out of the queue or by Dial."""
        exchange, lead = self.exchange, self.lead
        cast = exchange.cast
        phone = exchange.new_channel(
            f"PJSIP/{extension}", DOWN, extension, cast.people[extension], "internal", "s",
            linkedid=lead.linkedid,
        )  # fmt: skip
        self.legs[extension] = phone
        self.dialled.append(phone)
        phone.exten = lead.exten
        if self.queued_at is not None:
            exchange.emit("AgentCalled", self.agent_headers(phone), "agent")
            exchange.dial_begin(lead, phone, f"PJSIP/{extension}")
            phone.connect(lead)
            exchange.set_state(phone, RINGING)
            exchange.set_connected(phone, lead)
        else:
            exchange.set_connected(phone, lead)
            exchange.dial_begin(lead, phone, extension)
            exchange.set_connected(lead, phone)
            exchange.set_state(phone, RINGING)
        return phone

    def answer(self, phone: Channel) -> None:
        """A phone that rings for the first leg is picked up: the others stop, the two can talk."""
        exchange, lead = self.exchange, self.lead
        losers = [leg for leg in self.dialled if leg is not phone]
        exchange.set_state(phone, UP)
        exchange.dial_end(lead, phone, "ANSWER")
        for leg in losers:
            exchange.dial_end(lead, leg, "CANCEL")
        if self.queued_at is not None:
            self._leave_queue_for(phone, losers)
        for leg in losers:
            exchange.hang_up(leg, 26)
        self.dialled = []
        if lead.state != UP:
            exchange.set_state(lead, UP)
        self.join(phone)

    def _leave_queue_for(self, phone: Channel, losers: list[Channel]) -> None:
        exchange, lead = self.exchange, self.lead
        exchange.set_connected(lead, phone)
        for leg in losers:
            # a queue says it twice
            exchange.dial_end(lead, leg, "CANCEL")
        waited = self.leave_queue()
        times = [("HoldTime", str(waited)), ("RingTime", str(waited))]
        exchange.emit("AgentConnect", [*self.agent_headers(phone), *times], "agent")
        self.agent = phone
        self.answered_at = exchange.clock.now()

    def join(self, other: Channel) -> None:
        """The first leg and another one are put into a bridge of their own."""
        bridge = self.exchange.new_bridge()
        self.exchange.enter(bridge, other)
        self.exchange.enter(bridge, self.lead)

    def leave_queue(self) -> int:
        """The first leg is no longer in the queue; gives the seconds that it waited."""
        exchange, lead = self.exchange, self.lead
        waited = exchange.clock.now() - (self.queued_at or exchange.clock.now())
        position = exchange.waiting.index(lead) + 1
        exchange.waiting.remove(lead)
        self.queued_at = None
        count = [("Position", str(position)), ("Count", str(len(exchange.waiting)))]
        exchange.emit("QueueCallerLeave", [*lead.headers(), *self.queue_headers(), *count], "agent")
        return int(waited.total_seconds())

    def stop_ringing(self, status: str, cause: int) -> None:
        """Every phone that still rings stops; a queue says so twice."""
        exchange, lead = self.exchange, self.lead
        for again in (False, True) if self.queued_at is not None else (False,):
            for leg in self.dialled:
                exchange.dial_end(lead, leg, "CANCEL" if again else status)
        if self.queued_at is not None:
            self._abandon()
        for leg in self.dialled:
            exchange.hang_up(leg, cause)
        self.dialled = []

    def _abandon(self) -> None:
        exchange, lead = self.exchange, self.lead
        position = str(exchange.waiting.index(lead) + 1)
        waited = int((exchange.clock.now() - (self.queued_at or exchange.clock.now())).total_seconds())
        place = [("Position", position), ("OriginalPosition", position), ("HoldTime", str(waited))]
        exchange.emit("QueueCallerAbandon", [*lead.headers(), *self.queue_headers(), *place], "agent")
        self.leave_queue()

    def hang_up(self, who: str) -> None:
        """Somebody puts the receiver down, and with it the whole conversation ends."""
        exchange, leg = self.exchange, self.legs[who]
        if leg.state == RING and leg is self.lead:
            exchange.ask_hang_up(leg, 127, tech="487")
            self.end(leg, 127, tech="487")
        else:
            exchange.ask_hang_up(leg)
            self.end(leg)

    def end(self, by: Channel, cause: int = 16, *, tech: str = "") -> None:
        """Everything that belongs to the call is torn down, beginning with `by`."""
        exchange, lead = self.exchange, self.lead
        ringing = bool(self.dialled)
        if self.dialled or self.queued_at is not None:
            self.stop_ringing("CANCEL", 0 if self.queued_at is not None else cause)
        exchange.lot.give_up(lead)
        self.complete_agent(by)
        exchange.leave(by)
        others = [leg for leg in self._living() if leg is not by and leg is not lead]
        for leg in others:
            exchange.leave(leg)
        for leg in others:
            exchange.hang_up(leg)
        if by is not lead:
            exchange.hang_up(by, cause)
        exchange.soft_hang_up(lead)
        exchange.hang_up(lead, cause if ringing or by is lead else 16, tech=tech)

    def _living(self) -> list[Channel]:
        halves = [half for pair in self.locals.values() for half in pair]
        return [leg for leg in (*self.legs.values(), *halves) if leg in self.exchange.channels]

    def complete_agent(self, by: Channel) -> None:
        """The queue counts the talk of the member who took the call."""
        if self.agent is None or self.agent not in self.exchange.channels or self.answered_at is None:
            return
        exchange = self.exchange
        talked = int((exchange.clock.now() - self.answered_at).total_seconds())
        taken = exchange.devices.calls_taken
        taken[self.agent.number] = taken.get(self.agent.number, 0) + 1
        reason = "caller" if by is self.lead else "agent"
        times = [("HoldTime", "0"), ("TalkTime", str(talked)), ("Reason", reason)]
        exchange.emit("AgentComplete", [*self.agent_headers(self.agent), *times], "agent")
        self.agent = None
