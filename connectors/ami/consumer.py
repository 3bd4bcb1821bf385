"""What feeds the tracker, in the order of arrival, and has stored what follows.

It takes all that has queued up; between slices of a long batch it lets the reader work, and the first facts
of the batch go out (`outgoing.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from connectors.ami.config import AmiConfig
from connectors.ami.identity import Boot, names_of
from connectors.ami.inbox import (
    SOURCE,
    Control,
    Gap,
    Heard,
    Inbox,
    LinkLost,
    PhonesDue,
    Picture,
    SessionBegun,
    Tick,
)
from connectors.ami.message import Message
from connectors.ami.outgoing import Outgoing
from connectors.ami.pace import Pace
from connectors.ami.phones import WANTED as OF_PHONES
from connectors.ami.phones import Phones
from connectors.ami.tracker import PbxSnapshot, TrackedFact, Tracker, TrackerSettings
from connectors.ami.trunks import WANTED as OF_TRUNKS
from connectors.ami.trunks import Trunks
from hub.clock import Clock
from hub.events.base import Event
from hub.events.calls import PbxGapDeclared, PbxLinkLost, PbxLinkRestored
from hub.log import get_logger
from hub.ports.intake import Arrival, Intake
from hub.ports.telephony import CallMemory, StoredCall

# What pure code can raise about a message that it does not understand. Such a fault belongs to that
# one message: the line to the PBX must outlive it. Anything else (memory, disk) is the supervisor's.
TRACKER_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


Step = tuple[Message, datetime] | Control


@dataclass(slots=True)
class _Session:
    """The log-in that the consumer has reached in its order."""

    boot: Boot | None = None
    number: int = 0
    lost_at: datetime | None = None
    is_new_boot: bool = False
    is_restored: bool = True


class Consumer:
    """Turns what the inbox holds into stored facts. Keeps its state over reconnects."""

    WANTED = Tracker.WANTED | OF_PHONES | OF_TRUNKS

    def __init__(self, config: AmiConfig, clock: Clock, inbox: Inbox, on_gap: Callable[[], None]) -> None:
        self._config = config
        self._clock = clock
        self._inbox = inbox
        self._on_gap = on_gap
        self._log = get_logger("ami.consumer").bind(pbx=config.pbx)
        self._session = _Session()
        self._serial = count(1)
        self._batch: deque[Step] = deque()
        self.outgoing = Outgoing(clock, config.limits.facts_ahead, Pace(config.waits.ringing))
        self._remembered: Sequence[StoredCall] = ()
        self.tracker = Tracker(
            TrackerSettings(
                pbx=config.pbx,
                trunks=config.trunks,
                machines=config.machines,
                country=config.country,
                short_call_seconds=config.short_call_seconds,
            )
        )
        self.phones = Phones(config.pbx, self.tracker.endpoints)
        self.trunks = Trunks(config.pbx, self.tracker.endpoints)
        self.on_news: Callable[[], None] = _unheard
        self.memory: CallMemory | None = None
        self.faults = 0
        self.last_fault = ""

    async def run(self, intake: Intake) -> None:
        """Work until cancelled; what was not digested or stored by then belongs to the next run."""
        work = [
            asyncio.create_task(self._digest(), name="ami digest"),
            asyncio.create_task(self.outgoing.store(intake), name="ami store"),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def drained(self) -> None:
        """Until all that was heard is stored."""
        await self._inbox.drained()
        await self.outgoing.all_stored()

    async def _digest(self) -> None:
        limit, monotonic = self._config.limits.slice_seconds, self._clock.monotonic
        while True:
            if not self._batch:
                for item in await self._inbox.take(self._config.limits.batch_size):
                    if isinstance(item, Heard):
                        self._batch.extend([(message, item.at) for message in item.messages])
                    else:
                        self._batch.append(item)
            until = monotonic() + limit
            while self._batch:
                await self.outgoing.has_room()
                if self.memory is not None and isinstance(self._batch[0], SessionBegun):
                    await self._recall(self.memory)
                is_pressing = self.outgoing.put(self.facts_of(self._batch.popleft()))
                if is_pressing or (not len(self._batch) % 8 and monotonic() > until):
                    await asyncio.sleep(0)
                    until = monotonic() + limit

    async def _recall(self, memory: CallMemory) -> None:
        self._remembered = await memory.living()
        self._session.lost_at = memory.last_seen()
        self.memory = None

    def facts_of(self, step: Step) -> list[Arrival]:
        """What follows from one step; a fault of the tracker costs that step alone."""
        try:
            if not isinstance(step, tuple):
                return self._told(step)
            message, at = step
            if message.name in OF_PHONES or message.name in OF_TRUNKS:
                self._hear_beside(message)
            facts = self.tracker.feed(message, at)
            return as_arrivals(facts) if facts else []
        except TRACKER_FAULTS as error:
            self.faults += 1
            name = step[0].name if isinstance(step, tuple) else type(step).__name__
            fault = f"{name}: {type(error).__name__}: {error}"
            if fault != self.last_fault:
                self._log.exception("ami.tracker_fault", item=name)
            self.last_fault = fault
            return []

    def _told(self, item: Control) -> list[Arrival]:
        match item:
            case Tick(at):
                return as_arrivals(self.tracker.expire(at))
            case PhonesDue(at):
                return [
                    self._own(one, at) for one in (self.phones.news(), self.trunks.news()) if one is not None
                ]
            case SessionBegun():
                return self._begun(item)
            case LinkLost():
                return self._lost(item)
            case Gap(dropped, at):
                self._on_gap()
                self.phones.session_started()
                told = PbxGapDeclared(pbx=self._config.pbx, dropped=dropped)
                return [*as_arrivals(self.tracker.gap(at)), self._own(told, at)]
            case Picture():
                return self._compared(item)

    def _begun(self, item: SessionBegun) -> list[Arrival]:
        before = self._session.boot
        self.phones.session_started()
        self.tracker.session_started(item.boot.id, item.session, item.at)
        self._session.is_new_boot = before is not None and before.id != item.boot.id
        self._session.boot, self._session.number = item.boot, item.session
        self._session.is_restored = False
        remembered, self._remembered = self._remembered, ()
        return (
            as_arrivals(self.tracker.recall(remembered, names_of(item.boot), item.at)) if remembered else []
        )

    def _lost(self, item: LinkLost) -> list[Arrival]:
        if self._session.is_restored or self._session.lost_at is None:
            self._session.lost_at = item.at
        told = PbxLinkLost(pbx=self._config.pbx, reason=item.reason)
        return [*as_arrivals(self.tracker.link_lost(item.at)), self._own(told, item.at)]

    def _compared(self, item: Picture) -> list[Arrival]:
        arrivals: list[Arrival] = []
        closed = adopted = 0
        if item.snapshot is not None:
            result = self.tracker.reconcile(item.snapshot, item.at)
            arrivals += as_arrivals(result.facts)
            closed, adopted = result.closed, result.adopted
            self._log.info("ami.compared", closed=closed, adopted=adopted, whole=item.snapshot.is_whole)
        else:
            arrivals += as_arrivals(self.tracker.no_picture(item.at))
        arrivals += [self._own(one, item.at) for one in self._beside(item.snapshot)]
        session = self._session
        if session.is_restored or session.boot is None:
            return arrivals
        session.is_restored = True
        told = PbxLinkRestored(
            pbx=self._config.pbx,
            boot=session.boot.id,
            session=session.number,
            lost_at=session.lost_at,
            is_new_boot=session.is_new_boot,
            closed_calls=closed,
            adopted_calls=adopted,
            # Also without a picture: nobody will ever tell the end of a call that nobody follows.
            living=self.tracker.living_calls,
        )
        return [*arrivals, self._own(told, item.at)]

    def _beside(self, snapshot: PbxSnapshot | None) -> list[Event]:
        """All phones and outside lines, as listed; of a PBX that lists nothing, the phones that it named."""
        if snapshot is None:
            return [self.phones.picture((), ())]
        phones = self.phones.picture(snapshot.devices, snapshot.queues)
        return [phones, self.trunks.picture(snapshot.channels)] if snapshot.is_whole else [phones]

    def _hear_beside(self, message: Message) -> None:
        had_news = self.phones.has_news or self.trunks.has_news
        if message.name in OF_PHONES:
            self.phones.feed(message)
        else:
            self.trunks.feed(message)
        if not had_news and (self.phones.has_news or self.trunks.has_news):
            self.on_news()

    def _own(self, event: Event, at: datetime) -> Arrival:
        """A fact about the line itself; the moment makes its id unique over the hub's restarts."""
        moment = f"{at:%Y%m%dT%H%M%S.%f}"
        external_id = f"{self._config.pbx}:{event.name}:{self._session.number}:{moment}:{next(self._serial)}"
        return Arrival(source=SOURCE, external_id=external_id, occurred_at=at, event=event)


def _unheard() -> None:
    """Nobody waits for news of phones."""


def as_arrivals(facts: list[TrackedFact]) -> list[Arrival]:
    """Facts of the tracker on their way in."""
    return [
        Arrival(source=SOURCE, external_id=fact.external_id, occurred_at=fact.occurred_at, event=fact.event)
        for fact in facts
    ]
