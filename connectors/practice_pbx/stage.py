"""The stage: plays scripts on the exchange, row by row, and lets a client step in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator

import structlog

from connectors.practice_pbx import improvise, outbound
from connectors.practice_pbx.cast import Caller
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.improvise import Step
from connectors.practice_pbx.model import Channel
from connectors.practice_pbx.replies import Reply
from connectors.practice_pbx.script import Script


class Stage:
    """What plays now. `pace` 1.0 is a human's; 10.0 is ten times as fast."""

    def __init__(self, exchange: Exchange, pace: float) -> None:
        self._exchange = exchange
        self._pace = pace
        self._playing: dict[asyncio.Task[None], Conversation] = {}
        self._log = structlog.get_logger("practice_pbx")

    @property
    def is_empty(self) -> bool:
        """Whether nothing plays."""
        return not self._playing

    def is_busy(self, people: frozenset[str]) -> bool:
        """Whether one of these phones is in a call already."""
        return any(self._exchange.devices.state(f"PJSIP/{who}") != "NOT_INUSE" for who in people)

    def play(self, script: Script, caller: Caller | None = None) -> asyncio.Task[None]:
        """Begin to play one call beside what goes on; `caller` rings in place of the script's own."""
        caller = caller or self._exchange.cast.callers.get(script.caller)
        call = Conversation(self._exchange, caller.number if caller else "", caller.name if caller else "")
        self._log.info("practice.call", script=script.name)
        return self._start(call, self._perform(call, script))

    async def close(self) -> None:
        """Break off everything; the channels are gone with the exchange."""
        tasks = tuple(self._playing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, call: Conversation, play: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(play, name="practice call")
        self._playing[task] = call
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        call = self._playing.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("practice.broken_script", error=repr(error))
            if call is not None and call.first is not None and not call.is_over:
                call.end(call.lead)

    async def _perform(self, call: Conversation, script: Script) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for row in script.rows:
            await asyncio.sleep(begun + row.at / self._pace - loop.time())
            if call.is_over:
                return
            row.verb(call, row.who, row.what)

    # what a client may order

    def leg(self, name: str) -> Channel | None:
        """The channel of this name, when it lives."""
        return next((c for c in self._exchange.channels if c.name == name), None)

    def knows(self, extension: str) -> bool:
        """Whether there is a phone with this extension."""
        return extension in self._exchange.cast.people

    def _conversation(self, leg: Channel) -> tuple[asyncio.Task[None], Conversation] | None:
        for task, call in self._playing.items():
            if leg is call.first or leg in call.legs.values():
                return task, call
        return None

    def talks_with_first(self, leg: Channel) -> bool:
        """Whether this leg was rung by the call's first leg and talks with it."""
        call = next((c for c in self._playing.values() if leg in c.legs.values()), None)
        is_rung = call is not None and leg is not call.first
        return is_rung and call is not None and leg.bridge is not None and leg.bridge is call.lead.bridge

    def hang_up(self, leg: Channel) -> None:
        """The exchange ends the whole call that the leg belongs to."""
        self._step_in(leg, lambda call: improvise.ended(call, leg))

    def redirect(self, leg: Channel, extension: str) -> None:
        """The first leg of the call is sent to a phone."""
        self._step_in(leg, lambda call: improvise.redirected(call, extension))

    def blind_transfer(self, leg: Channel, extension: str) -> None:
        """A phone of ours sends the other side to a colleague."""
        self._step_in(leg, lambda call: improvise.sent(call, leg, extension))

    def attended_transfer(self, leg: Channel, extension: str) -> None:
        """A phone of ours asks a colleague, then hands over."""
        self._step_in(leg, lambda call: improvise.handed_over(call, leg, extension))

    def park(self, leg: Channel) -> None:
        """The other side of the leg's bridge parks it."""
        talking = next(filter(self.talks_with_first, leg.bridge.channels if leg.bridge else ()))
        self._step_in(leg, lambda call: improvise.parked(call, talking))

    def pause(self, extension: str, reason: str | None) -> bool:
        """A member leaves the queue for a while, or (None) comes back."""
        if extension not in self._exchange.cast.queue_members:
            return False
        self._exchange.devices.pause(extension, reason)
        return True

    def mute_recording(self, leg: Channel, *, is_muted: bool) -> bool:
        """Whoever records hears of it."""
        if leg.uniqueid not in self._exchange.recorded:
            return False
        state = [("Direction", "both"), ("State", "1" if is_muted else "0")]
        self._exchange.emit("MixMonitorMute", [*leg.headers(), *state])
        return True

    def stop_recording(self, leg: Channel) -> bool:
        """Likewise."""
        if leg.uniqueid not in self._exchange.recorded:
            return False
        self._exchange.emit("MixMonitorStop", leg.headers())
        return True

    def _step_in(self, leg: Channel, improvised: Callable[[Conversation], Iterator[Step]]) -> None:
        for task, call in self._playing.items():
            if leg is call.first or leg in call.legs.values():
                self._playing.pop(task)
                task.cancel()
                self._start(call, self._improvise(call, improvised(call)))
                return
        self._exchange.hang_up(leg)

    async def _improvise(self, call: Conversation, steps: Iterator[Step]) -> None:
        for seconds, deed in steps:
            if seconds:
                await asyncio.sleep(seconds / self._pace)
            if call.is_over:
                return
            deed()

    def refuse_originate(self, reply: Reply) -> None:
        """The phone is not registered: reason 0, and no channel was ever born."""
        answer = _originate_response(reply, "Failure", reply.get("Channel"), "0", None)
        self._exchange.emit("OriginateResponse", answer)

    def originate(self, extension: str, reply: Reply) -> None:
        """Our phone rings and answers; then the number is dialled, and it answers too."""
        call = Conversation(self._exchange)
        outbound.originate(call, extension, _caller_id(reply.get("CallerID")), reply.get("ChannelId"))

        def say() -> None:
            answer = _originate_response(reply, "Success", call.lead.name, "4", call.lead)
            self._exchange.emit("OriginateResponse", answer)

        self._start(call, self._improvise(call, improvise.originated(call, reply.get("Exten"), say)))


def _caller_id(text: str) -> tuple[str, str]:
    """`"Anna" <101>` gives number and name; a bare number has no name."""
    name, bracket, number = text.partition("<")
    if not bracket:
        return text.strip(), ""
    return number.rstrip("> "), name.strip(' "')


def _originate_response(
    reply: Reply, response: str, channel: str, reason: str, leg: Channel | None
) -> list[tuple[str, str]]:
    """It carries a `Response:` header although it is an event: so does Asterisk's."""
    return [
        *reply.id, ("Response", response), ("Channel", channel), ("Context", reply.get("Context")),
        ("Exten", reply.get("Exten")), ("Reason", reason),
        ("Uniqueid", leg.uniqueid if leg else reply.get("ChannelId") or "<unknown>"),
        ("CallerIDNum", leg.number if leg else "<unknown>"),
        ("CallerIDName", leg.caller_name if leg else "<unknown>"),
    ]  # fmt: skip
