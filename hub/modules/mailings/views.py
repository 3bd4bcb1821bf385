"""What mailings give out and take: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from hub.kernel.masking import Dialable, Words

State = Literal["draft", "waiting", "scheduled", "running", "done", "stopped"]
"""`waiting` for a second person; `scheduled`: approved, its time has not come; `stopped` before its end."""
STATES: tuple[State, ...] = ("draft", "waiting", "scheduled", "running", "done", "stopped")
RowState = Literal[
    "waiting", "queued", "sent", "delivered", "read", "failed", "unknown", "skipped", "stopped"
]
"""Of one client: not handed on yet; on its way; what became of the message; left out; stopped in time."""
AudienceKind = Literal["clients", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom it is for: clients by what is known of them, or the lines of a file (`kind` `list`).
    `whole_numbers`: a part of a number in `text` finds nobody (whoever wrote it sees numbers masked)."""

    kind: AudienceKind = "clients"
    segment: str = ""
    tag: str = ""
    source: str = ""
    text: Words = ""
    file: Words = ""
    whole_numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingEntry:
    """A draft as somebody enters it. `channels` in the order in which they are tried; `pace` messages a
    minute; `starts_at` None: as soon as it is approved."""

    title: str
    text: Words
    channels: tuple[str, ...]
    audience: Audience
    pace: int = 60
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """How many of the list are in which state. Whatever happens they add up to `size`."""

    waiting: int = 0
    queued: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0
    stopped: int = 0
    delivered: int = 0
    """Of `sent`: those of which their provider says that they have arrived."""

    @property
    def size(self) -> int:
        return (
            self.waiting + self.queued + self.sent + self.failed + self.unknown + self.skipped + self.stopped
        )

    @property
    def going(self) -> int:
        """How many get it, or have got it, or would have."""
        return self.size - self.skipped

    @property
    def open(self) -> int:
        """Those whose end is not known yet."""
        return self.waiting + self.queued


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingView:
    """A mailing. `is_counted`: the list stands for what is written now; `authors` are the actors who wrote
    it: none of them approves it. `reasons` say how many were left out why."""

    id: str
    rev: int
    shop_id: str
    title: Words
    text: Words
    channels: tuple[str, ...]
    audience: Audience
    state: State
    pace: int
    starts_at: datetime | None
    is_counted: bool
    is_counting: bool
    counted_at: datetime | None
    parts: int
    price: str | None
    authors: tuple[str, ...]
    created_at: datetime
    created_name: Words
    submitted_at: datetime | None
    approved_at: datetime | None
    approved_name: Words
    declined: Words
    begun_at: datetime | None
    ended_at: datetime | None
    stopped_name: Words
    waits_until: datetime | None
    sums: Sums = field(default_factory=Sums)
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A client on the list. `line` is that of the file, where there is one."""

    position: int
    client_id: str | None
    name: Words
    channel: str
    address: Dialable
    line: Words
    state: RowState
    reason: str
    error: Words
    message_id: str | None
    parts: int
    at: datetime | None
    replied_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """A stretch of a list, in its order."""

    items: tuple[RowView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingPage:
    """A stretch of the mailings, newest first."""

    items: tuple[MailingView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """The text as one client will read it; `missing` variables keep it from going."""

    name: Words
    channel: str
    address: Dialable
    text: Words
    parts: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """What happened on a day of the shop's."""

    day: date
    sent: int
    replies: int
    leavings: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRow:
    """Somebody of the list who called after the message."""

    client_id: str
    name: Words
    first_at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """What came of a mailing within `days` of each message. `replied`, `left` and `called` count clients."""

    days: int
    replied: int
    left: int
    called: int
    by_day: tuple[DayView, ...]
    callers: tuple[CallerRow, ...]
    replies: tuple[RowView, ...]
