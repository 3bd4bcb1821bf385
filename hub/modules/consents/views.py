"""What consents gives out and takes: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Dialable, Words
from hub.values import ShopId

Purpose = Literal["service", "marketing"]
"""What somebody waits for (booking, ready, approval); what the shop would like to tell them."""
SendPurpose = Literal["dialogue", "service", "marketing", "consent"]
"""Also: what a person answers; the one message that confirms a STOP or a START."""
Topic = Literal["service", "marketing", "all"]
Act = Literal["granted", "withdrawn", "blocked", "restored"]
Form = Literal["signature", "web_form", "message", "link", "import", "oral", "provider"]
"""How somebody said it; `provider`: the provider tells that they take nothing of us."""
Word = Literal["stop", "stop_all", "start"]
Standing = Literal["granted", "withdrawn", "none", "blocked"]
Choice = Literal["marketing_off", "all_off", "back_on"]
"""What the one whose consent it is may choose by a link or in a chat."""
Code = Literal[
    "", "no_consent", "withdrawn", "blocked", "provider_blocked", "quiet_hours", "too_often", "landline",
    "not_a_client", "archived", "blacklisted",
]  # fmt: skip

PURPOSES: tuple[Purpose, ...] = ("service", "marketing")
FORMS: tuple[Form, ...] = ("signature", "web_form", "message", "link", "import", "oral")
"""Those that a person may record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose consent: a client, or whoever is behind an address on a channel (or both)."""

    client_id: str | None = None
    channel: str = ""
    address: Dialable = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry:
    """A consent, or its end, as somebody records it. An empty `channel` means every one; `source` says where
    it comes from, `evidence` what proves it: words, or where the paper lies. `cause` is recorded once;
    `shop_id` (None: of the unit of work) is the shop that it was given to."""

    subject: Subject
    topic: Topic
    act: Act
    form: Form
    channel: str = ""
    source: str = ""
    evidence: str = ""
    at: datetime | None = None
    cause: str = ""
    author: str = ""
    shop_id: ShopId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """A row of the ledger. `channel` (empty: every one) is what it holds for, `via` where it was said.
    `took`: what it ended, so that a START gives just that back."""

    id: str
    n: int
    client_id: str | None
    channel: str
    via: str
    address: Dialable
    topic: Topic
    act: Act
    form: Form
    source: Words
    evidence: Words
    took: tuple[str, ...]
    actor: str | None
    author: Words
    at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """How it stands now. `by_channel` where a channel differs from the rest. `since`: the entry that says
    so; `can_restore`: a START, or the link, would give something back."""

    client_id: str | None
    marketing: Standing
    service: Standing
    is_blocked: bool
    by_channel: tuple[tuple[str, Standing], ...]
    provider_blocks: tuple[str, ...]
    since: datetime | None
    can_restore: bool
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message, or a call, that the hub would like to make. `at`: when (None: now); `message_id` is its
    own, where it has been counted already; `heard_at`: when they wrote last; `shop_id` (None: of the unit of
    work): whose hours."""

    purpose: SendPurpose
    client_id: str | None = None
    channel: str = ""
    address: Dialable = ""
    at: datetime | None = None
    message_id: str = ""
    heard_at: datetime | None = None
    shop_id: ShopId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May it be sent? `code` is empty: yes. `until`: from when it may (quiet hours, too often)."""

    code: Code = ""
    until: datetime | None = None

    @property
    def is_yes(self) -> bool:
        """It may go now."""
        return not self.code

    @property
    def is_held(self) -> bool:
        """It may go later, by itself."""
        return self.code == "quiet_hours"


YES = Verdict()
