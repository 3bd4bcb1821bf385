"""Facts about what we told the PBX to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event
from hub.events.calls import CallResult, CallStateName
from hub.values import CallId

OwnPhone = Literal["away", "rang", "picked_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGiven(Event):
    """Somebody wants the PBX to do something: a call, a hang-up, a transfer."""

    name: ClassVar[str] = "command.given"
    command_id: str
    kind: str

    @property
    def key(self) -> str:
        return f"command:{self.command_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSeen(Event):
    """A call that a command of ours began was seen on the PBX, or went on. `step` grows as the call's own;
    `own_phone` is the one that was to ring first: not there, rang, picked up."""

    name: ClassVar[str] = "command.seen"
    pbx: str
    command_id: str
    call_id: CallId
    step: int
    state: CallStateName
    result: CallResult | None
    answered_at: datetime | None
    own_phone: OwnPhone

    @property
    def key(self) -> str:
        """The line's: so the comparison after a reconnect stands behind what it found."""
        return f"pbx:{self.pbx}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettled(Event):
    """It is known what became of a command: connected, done, failed for a reason."""

    name: ClassVar[str] = "command.settled"
    command_id: str
    kind: str
    state: str
    reason: str | None
    call_id: str | None

    @property
    def key(self) -> str:
        return f"command:{self.command_id}"
