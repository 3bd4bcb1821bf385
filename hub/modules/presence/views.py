"""What others see of presence: frozen, never a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.events.phones import PhoneCondition
from hub.kernel.masking import Words
from hub.modules.presence.rules import PresenceState
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device of the PBX that is somebody's."""

    device: str
    extension: str
    condition: PhoneCondition
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A phone in a queue; `person_id` None where nobody has it. `condition` is the phone's own."""

    queue: str
    interface: str
    extension: str
    name: Words
    person_id: str | None
    condition: PhoneCondition
    since: datetime
    is_paused: bool
    reason: str
    paused_at: datetime | None

    @property
    def is_there(self) -> bool:
        """Whether the queue can ring it at all."""
        return self.condition != "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceView:
    """How a colleague is: one state, and what it is made of. `until` only of what they said themselves;
    `is_gone`: they said that they are away or not to be disturbed, whatever is stronger just now;
    `is_absent`: that, or by the PBX: not to be disturbed, or pausing in every queue of theirs."""

    person_id: str
    rev: int
    name: str
    role: str
    shop_id: ShopId
    shops: frozenset[ShopId]
    state: PresenceState
    since: datetime | None
    reason: str
    until: datetime | None
    is_gone: bool
    is_absent: bool
    extensions: tuple[str, ...]
    has_mobile: bool
    devices: tuple[DeviceView, ...]
    queues: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue of the PBX and whoever is in it."""

    name: str
    members: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Whether what the PBX tells of phones is known now, and if not, since when."""

    is_known: bool
    since: datetime | None
