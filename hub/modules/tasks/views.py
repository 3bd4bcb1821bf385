"""What tasks gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hub.events.tasks import TaskKind, TaskReason, TaskState
from hub.kernel.masking import Dialable, Words
from hub.modules.tasks.rules import FAILED_TRIES, MissKind, TryOutcome
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class MissView:
    """A call that nobody of ours took; `task_id` None: it makes no task."""

    call_id: str
    shop_id: ShopId
    task_id: str | None
    kind: MissKind
    reason: str | None
    number: Dialable | None
    number_key: Dialable | None
    line: str | None
    started_at: datetime
    is_settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TryView:
    """Somebody tried to reach the one who rang. `is_elsewhere`: at a shop that the viewer may not see into;
    nothing else of it is told."""

    id: str
    shop_id: ShopId | None
    call_id: str | None
    at: datetime
    outcome: TryOutcome
    talk_seconds: float
    who: str
    note: Words
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WishView:
    """A caller asked to be called back instead of waiting on; without `has_task` nobody can do that."""

    call_id: str
    shop_id: ShopId
    queue: str
    place: int | None
    waiting_since: datetime | None
    asked_at: datetime
    has_task: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task with the misses it comes of and the tries that were made. `claimed_by` is somebody who has it
    in hand now; None when the time for that has run out, or `is_held_elsewhere`. `shop_ids`: the viewer's
    shops that wait for the client, that where it began first; `is_shared`: one more does."""

    id: str
    rev: int
    shop_id: ShopId
    kind: TaskKind
    title: Words
    note: Words
    state: TaskState
    reason: TaskReason | None
    client_id: str | None
    number: Dialable | None
    number_key: Dialable | None
    line: str | None
    call_id: str | None
    owner_id: str | None
    created_at: datetime
    due_at: datetime | None
    escalate_at: datetime | None
    is_escalated: bool
    claimed_by: str | None
    claimed_name: str
    claimed_until: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    misses: tuple[MissView, ...] = ()
    tries: tuple[TryView, ...] = ()
    wish: WishView | None = None
    """The newest call in which they asked for it."""
    shop_ids: tuple[ShopId, ...] = ()
    is_shared: bool = False
    is_held_elsewhere: bool = False

    @property
    def asked(self) -> TryView | None:
        """The newest talk that somebody is to say of whether the client was reached."""
        return next((one for one in reversed(self.tries) if one.outcome == "asked"), None)

    @property
    def failed_tries(self) -> int:
        """How often it was tried in vain."""
        return sum(one.outcome in FAILED_TRIES for one in self.tries)

    @property
    def open_misses(self) -> tuple[MissView, ...]:
        """Those that nothing has made good yet, the oldest first."""
        return tuple(miss for miss in self.misses if not miss.is_settled)

    def is_late(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.state == "open" and self.due_at is not None and now >= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks. `shops` None = every shop."""

    shops: frozenset[ShopId] | None = None
    state: TaskState | None = None
    kind: TaskKind | None = None
    owner_id: str | None = None
    client_id: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """A stretch of the list, newest first; `next` continues it, None at its end."""

    items: tuple[TaskView, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEntry:
    """A task as somebody makes it. A call-back needs a number or a client; without `due_at` its clock runs
    in working minutes."""

    shop_id: ShopId
    kind: TaskKind = "todo"
    title: str = ""
    note: str = ""
    due_at: datetime | None = None
    owner_id: str | None = None
    client_id: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who takes a task in hand: an id, and the name that others see (`101 Oksana`)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What waits. `talking`: call-backs whose client is on the line with one of ours now: they are in no
    other number. `soft` and `withheld` are of today; `newest` is the id of the newest call-back."""

    open: int
    late: int
    escalated: int
    asked: int
    talking: int
    soft: int
    withheld: int
    oldest_at: datetime | None
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackView:
    """How a missed caller was called back; the seconds are working time, None: not yet. The first try is one
    of ours, or the client's next call that was answered."""

    call_id: str
    missed_at: datetime
    first_try_at: datetime | None
    reached_at: datetime | None
    to_first_try: float | None
    to_reached: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileCallView:
    """A call on a private mobile, logged by hand."""

    id: str
    rev: int
    at: datetime
    number: Dialable
    client_id: str | None
    is_reached: bool
    text: Words
    author_id: str | None
    author_name: str


Shops = Collection[ShopId] | None
