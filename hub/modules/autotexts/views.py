"""What automatic messages give out and take: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Dialable, Words
from hub.modules.consents.api import Purpose
from hub.values import ShopId

Hours = Literal["any", "open", "closed"]
Who = Literal["any", "new", "known"]
Way = Literal["any", "inbound", "outbound"]
RunState = Literal["waiting", "sent", "skipped"]
HOURS: tuple[Hours, ...] = ("any", "open", "closed")
WHO: tuple[Who, ...] = ("any", "new", "known")
WAYS: tuple[Way, ...] = ("any", "inbound", "outbound")
RunReason = Literal[
    "", "rule_off", "stale", "rung_back", "talking", "settled", "too_often", "hours", "who", "way", "line",
    "tags", "segments", "results", "landline", "no_number", "not_client", "no_channel", "not_filled",
    "no_text", "quiet_hours", "no_consent", "withdrawn", "blocked", "provider_blocked", "archived",
    "blacklisted", "undelivered", "doubtful", "refused", "no_public_url",
    "put_right",
]  # fmt: skip
"""Why it waits, or was not sent. Of a sent one `undelivered`: by none of the channels; `doubtful`: nobody
knows whether it has arrived, and it is not sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Whom a rule is for; an empty list asks nothing. `results` are ids of the words that calls are wrapped
    up with."""

    hours: Hours = "any"
    who: Who = "any"
    way: Way = "any"
    lines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    """Of a season: its first and last day of the year, `10-01`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """A rule as somebody enters it. `texts` by language; `channels` in their order (none: the best one);
    after `fallback_seconds` without delivery the next channel is tried (0: never). It leaves after
    `delay_seconds`, not later than `stale_minutes`, to nobody twice within `pause_hours`. Without a `shop_id`
    it holds for every shop."""

    trigger: str
    title: str
    texts: Mapping[str, str]
    recipe: str = ""
    is_on: bool = False
    shop_id: ShopId | None = None
    purpose: Purpose = "service"
    channels: tuple[str, ...] = ()
    fallback_seconds: int = 0
    delay_seconds: int = 0
    stale_minutes: int = 120
    pause_hours: int = 24
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule as it stands; `rev` 0 and an empty id: a ready one that nobody has switched on yet."""

    id: str
    rev: int
    entry: RuleEntry

    @property
    def title(self) -> str:
        """As the shop calls it."""
        return self.entry.title


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What was decided of one occurrence. `detail`: the variables that stayed empty, or what was answered."""

    id: str
    rule_id: str
    shop_id: str
    trigger: str
    cause: str
    client_id: str | None
    number: Dialable | None
    call_id: str | None
    task_id: str | None
    state: RunState
    reason: RunReason
    detail: Words
    message_id: str | None
    channel: str
    happened_at: datetime
    due_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A stretch of the log, newest first."""

    items: tuple[RunView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCounts:
    """Of the last seven days."""

    sent: int = 0
    skipped: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedView:
    """What would have become of one occurrence."""

    at: datetime
    client_id: str | None
    number: Dialable | None
    call_id: str | None
    reason: RunReason
    detail: Words
    text: Words
