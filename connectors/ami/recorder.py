"""Recording that we order ourselves, for a PBX whose dialplan nobody can change: MixMonitor on the outside
party's channel as soon as a person has answered and, where the law wants a yes, the other side has said it
(by a key, or to one of ours). Staff-to-staff calls are never recorded."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from connectors.ami.actions import Action, Outcome, Sent
from connectors.ami.tracker import Tracker
from hub.events.calls import CallAnswered, CallEnded, CallSnapshot
from hub.events.recordings import RecordingNamed, RecordingNoticed
from hub.log import get_logger
from hub.ports.commands import CommandResult
from hub.ports.errors import ConnectorError
from hub.ports.intake import Arrival

T = TypeVar("T")
_REMEMBERED = 2000
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,150}")
_DIGITS = re.compile(r"\D+")


class Recorder:
    """`wanted` are directions (`inbound`, `outbound`) or numbers of lines; `folder` is the PBX's own. A call
    that the dialplan records already is left to it."""

    def __init__(
        self,
        wanted: Sequence[str],
        folder: str,
        tracker: Callable[[], Tracker],
        order: Callable[[Action], Awaitable[Outcome]],
    ) -> None:
        self._directions = frozenset(wanted) & {"inbound", "outbound"}
        self._lines = frozenset(_DIGITS.sub("", one) for one in wanted) - {""}
        self._folder = folder.rstrip("/")
        self._tracker = tracker
        self._order = order
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._agreed: OrderedDict[str, None] = OrderedDict()
        self._waiting: OrderedDict[str, CallSnapshot] = OrderedDict()
        self._needs_consent = True  # until we are told: nobody is recorded who would have to be asked
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = get_logger("ami.recorder")

    def only_agreed(self, is_needed: bool) -> None:
        """Whether a call may be recorded only once the caller has said yes."""
        self._needs_consent = is_needed
        if not is_needed:
            for call in self._waiting.values():
                self._set_off(call)
            self._waiting.clear()

    def hear(self, arrivals: Sequence[Arrival]) -> None:
        """Facts that were just stored."""
        for arrival in arrivals:
            event = arrival.event
            if isinstance(event, RecordingNamed):
                self._remember(self._seen, event.call_id, None)
            elif isinstance(event, RecordingNoticed):
                self._note(event)
            elif isinstance(event, CallEnded):
                self._waiting.pop(event.call.call_id, None)
            elif isinstance(event, CallAnswered) and self._is_ours(event.call):
                if self._needs_consent and event.call.call_id not in self._agreed:
                    self._remember(self._waiting, event.call.call_id, event.call)
                else:
                    self._set_off(event.call)

    def _note(self, event: RecordingNoticed) -> None:
        """A yes may come before somebody answers; a no ends the matter."""
        if event.said == "agreed":
            self._remember(self._agreed, event.call_id, None)
            self._set_off(self._waiting.pop(event.call_id, None))
        elif event.said == "refused":
            self.never(event.call_id)

    async def begin(self, call_id: str) -> CommandResult:
        """One of ours was told yes while they talk."""
        if call_id in self._seen:
            return CommandResult(kind="refused", text="This call is not for us to record.")
        self._remember(self._agreed, call_id, None)  # whoever said it while it rings is not answered yet
        self._set_off(self._waiting.pop(call_id, None))
        return CommandResult(kind="taken")

    def never(self, call_id: str) -> None:
        """What was stopped is not begun, whatever is said or decided later."""
        self._waiting.pop(call_id, None)
        self._remember(self._seen, call_id, None)

    def _set_off(self, call: CallSnapshot | None) -> None:
        if call is None or call.call_id in self._seen:
            return
        self._remember(self._seen, call.call_id, None)
        task = asyncio.create_task(self._begin(call), name="ami record")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_ours(self, call: CallSnapshot) -> bool:
        if call.direction == "internal" or call.call_id in self._seen:
            return False
        numbers = (call.to_number or "", call.dialled or "") if call.direction == "inbound" else ()
        is_line = any(_DIGITS.sub("", number) in self._lines for number in numbers)
        return call.direction in self._directions or is_line

    @staticmethod
    def _remember(calls: OrderedDict[str, T], call_id: str, what: T) -> None:
        calls[call_id] = what
        if len(calls) > _REMEMBERED:
            calls.popitem(last=False)

    async def _begin(self, call: CallSnapshot) -> None:
        legs = self._tracker().legs_of(call.call_id)
        leg = next((one for one in legs if one.is_outside_party), None)
        if leg is None or not _SAFE.fullmatch(leg.linkedid):
            return
        file = ("File", f"{self._folder}/{leg.linkedid}.wav")
        try:
            outcome = await self._order(Action("MixMonitor", (("Channel", leg.name), file)))
        except ConnectorError as error:
            self._log.warning("ami.not_recorded", call=call.call_id, reason=error.text)
            return
        if not isinstance(outcome, Sent):
            self._log.warning("ami.not_recorded", call=call.call_id, reason=outcome.text)
