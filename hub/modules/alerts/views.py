"""What alerts gives out and takes: frozen, plain."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.kernel.masking import Dialable, Words
from hub.modules.alerts.rules import Kind, PostState


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """How the group of a shop stands. `lost_at`: the bot was put out of it."""

    shop_id: str
    rev: int
    is_bound: bool
    bound_at: datetime | None
    bound_by: str
    lost_at: datetime | None
    kinds: frozenset[str]
    is_quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEntry:
    """Something to tell the group, once for its `cause`. `values` fill the text of its kind: `who`, `what`,
    `why`. With a `task_id` *take it* claims that task; with a `number` *call back* rings it. `since`: when it
    happened."""

    kind: Kind
    cause: str
    shop_id: str
    values: dict[str, str] = field(default_factory=dict)
    task_id: str | None = None
    client_id: str | None = None
    number: Dialable | None = None
    call_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """An alert as it stands. `is_told`: the group has it as it is now; `is_doubted`: whether it has arrived
    is not known, and it is not told again."""

    id: str
    rev: int
    shop_id: str
    kind: str
    state: PostState
    text: Words
    taken_by: str
    task_id: str | None
    client_id: str | None
    created_at: datetime
    changed_at: datetime
    is_told: bool
    is_doubted: bool
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    """A stretch of the list, newest first."""

    items: tuple[PostView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Whose messenger account is bound, since when."""

    person_id: str
    channel: str
    bound_at: datetime
