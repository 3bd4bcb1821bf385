"""Facts about what stands around calls: how phones and members of queues are, how full outside lines are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event

PhoneCondition = Literal[
    "free", "ringing", "talking", "busy", "on_hold", "unreachable", "unknown", "do_not_disturb"
]  # fmt: skip
"""`busy`: it takes no further call, and may still ring with its only one; `unreachable`: no device is
registered under the name; `unknown`: the PBX itself does not know;
`do_not_disturb`: the PBX keeps such a switch for the extension, and it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneState:
    """A device of the PBX and how it is. A switch (`Custom:DND101`) that is off is `free`."""

    device: str
    extension: str
    condition: PhoneCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """A phone in a queue. `is_gone`: it left the queue; `paused_at` where the PBX says since when."""

    queue: str
    interface: str
    extension: str
    name: str
    condition: PhoneCondition
    is_paused: bool
    reason: str
    paused_at: datetime | None
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonesChanged(Event):
    """Phones, or members of queues, are otherwise now. `is_whole`: the PBX was asked for all of them, so what
    is not here is not there; `queues` are then all that it has."""

    name: ClassVar[str] = "pbx.phones_changed"
    pbx: str
    is_whole: bool
    phones: tuple[PhoneState, ...]
    members: tuple[MemberState, ...]
    queues: tuple[str, ...]

    @property
    def key(self) -> str:
        """The line's: what a lost line says of all phones stands in its order."""
        return f"pbx:{self.pbx}"
