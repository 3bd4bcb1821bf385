"""What others see of queues: frozen, never a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.kernel.masking import Dialable, Words
from hub.modules.calls.api import FullView, TrunkView
from hub.modules.presence.api import MemberView
from hub.modules.queues.rules import Alarm, Limits
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """Somebody in a queue. `name` is the client's, else None; `line` the name of the line they rang."""

    call_id: str
    since: datetime
    name: Words | None
    number: Dialable | None
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayView:
    """Today, in hours, by the definition of the reports: shares in per cent."""

    answered: int
    lost: int
    service_level: float | None
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueBoard:
    """One queue. `free`, `paused`, `there` count members: those it can ring now, those who pause, and those
    whose phone is connected at all. `alarms` are limits that are passed, or nearly."""

    name: str
    waiting: tuple[WaitingView, ...]
    members: tuple[MemberView, ...]
    there: int
    paused: int
    free: int
    today: TodayView
    alarms: tuple[Alarm, ...]

    @property
    def longest_since(self) -> datetime | None:
        """Since when the longest waits."""
        return min((one.since for one in self.waiting), default=None)

    def alarm(self, kind: str) -> Alarm | None:
        """The alarm of this kind, if there is one."""
        return next((one for one in self.alarms if one.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All queues, and today over all of them and whatever came past them."""

    queues: tuple[QueueBoard, ...]
    today: TodayView
    limits: Limits
    is_known: bool
    unknown_since: datetime | None
    answer_within: float
    now: datetime
    lines: tuple[TrunkView, ...] = ()
    full_today: tuple[FullView, ...] = ()

    @property
    def waiting(self) -> int:
        """How many wait in all queues."""
        return sum(len(one.waiting) for one in self.queues)

    @property
    def longest_since(self) -> datetime | None:
        """Since when the longest of all waits."""
        return min((one.longest_since for one in self.queues if one.longest_since), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenView:
    """A wall screen."""

    id: str
    rev: int
    shop_id: ShopId
    name: str
    shows_callers: bool
    created_at: datetime
