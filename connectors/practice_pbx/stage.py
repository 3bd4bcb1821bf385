"""The stage: plays scripts on the exchange, row by row, and lets a client step in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from connectors.practice_pbx import inbound, outbound, transfers
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import RINGING, Channel
from connectors.practice_pbx.replies import Reply
from connectors.practice_pbx.script import Script

_STRANGER_ANSWERS = 3.0
_TALK = 20.0


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
        return any(self._exchange.device_state(f"PJSIP/{who}") != "NOT_INUSE" for who in people)

    def play(self, script: Script) -> asyncio.Task[None]:
        """Begin to play one call beside what goes on."""
        caller = self._exchange.cast.callers.get(script.caller)
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

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

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

    def hang_up(self, leg: Channel) -> None:
        """The exchange ends the whole call that the leg belongs to."""
        found = self._conversation(leg)
        if found is None:
            self._exchange.hang_up(leg)
        else:
            self._replace(found, self._end_now(found[1], leg))

    async def _end_now(self, call: Conversation, leg: Channel) -> None:
        call.end(leg)

    def redirect(self, leg: Channel, extension: str) -> None:
        """The first leg of the call is sent to a phone, which answers and talks for a while."""
        found = self._conversation(leg)
        if found is not None:
            self._replace(found, self._redirected(found[1], extension))

    async def _redirected(self, call: Conversation, extension: str) -> None:
        transfers.redirects(call, extension)
        await self._wait(_STRANGER_ANSWERS)
        inbound.answers(call, extension)
        await self._wait(_TALK)
        call.hang_up(next(who for who, leg in call.legs.items() if leg is call.first))

    def _replace(
        self, found: tuple[asyncio.Task[None], Conversation], play: Coroutine[None, None, None]
    ) -> None:
        task, call = found
        self._playing.pop(task, None)
        task.cancel()
        self._start(call, play)

    def refuse_originate(self, reply: Reply) -> None:
        """The phone is not registered: reason 0, and no channel was ever born."""
        answer = _originate_response(reply, "Failure", reply.get("Channel"), "0", None)
        self._exchange.emit("OriginateResponse", answer)

    def originate(self, extension: str, reply: Reply) -> None:
        """Our phone rings and answers; then the number is dialled, and it answers too."""
        call = Conversation(self._exchange)
        number, name = _caller_id(reply.get("CallerID"))
        outbound.originate(call, extension, (number, name), reply.get("ChannelId"))
        self._start(call, self._originated(call, reply))

    async def _originated(self, call: Conversation, reply: Reply) -> None:
        number = reply.get("Exten")
        await self._alive(call, 2.0, lambda: outbound.pick_up_originated(call, number))
        if call.is_over:
            return
        answer = _originate_response(reply, "Success", call.lead.name, "4", call.lead)
        self._exchange.emit("OriginateResponse", answer)
        if self.knows(number):
            inbound.rings(call, number)
            await self._alive(call, _STRANGER_ANSWERS, lambda: inbound.answers(call, number))
        else:
            outside = outbound.dial_out(call, number)
            await self._alive(call, 1.0, lambda: self._exchange.set_state(outside, RINGING))
            await self._alive(call, _STRANGER_ANSWERS, lambda: inbound.answers(call, "outside"))
        await self._alive(call, _TALK, lambda: call.end(call.lead))

    async def _alive(self, call: Conversation, seconds: float, deed: Callable[[], None]) -> None:
        await self._wait(seconds)
        if not call.is_over:
            deed()


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
