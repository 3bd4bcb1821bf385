"""What the library, the review and the links give out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.events.calls import CallResult, Direction
from hub.kernel.list_filters import Given
from hub.kernel.masking import Words
from hub.values import ShopId
from recordings.rules_basis import Notice

ReviewState = Literal["draft", "done"]
PickState = Literal["open", "done", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFilter:
    """Which recordings. `shops` None = every shop; `phones` None = everybody's, else those in which one of
    them is to be heard; `person` the same, as a wish. `mark` are words of marks alone, `text` of anything
    written to it or said in it. `more` are filters that other modules add to the list of calls."""

    shops: frozenset[ShopId] | None = None
    phones: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: tuple[str, ...] | None = None
    direction: Direction | None = None
    result: CallResult | None = None
    line: str | None = None
    queue: str | None = None
    client_id: str | None = None
    vehicle_id: str | None = None
    number: str | None = None
    call_id: str | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    min_percent: int | None = None
    max_percent: int | None = None
    mark: str = ""
    text: str = ""
    is_reviewed: bool | None = None
    notice: Notice | None = None
    more: Given = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRow:
    """A recording as the list knows it. `percent` None: not reviewed."""

    id: str
    call_id: str | None
    shop_id: ShopId
    started_at: datetime
    seconds: float
    percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPage:
    """A stretch of the library, newest first; `next` continues it, None at its end."""

    items: tuple[LibraryRow, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryTotals:
    """What the list adds up to, by the same conditions. `is_part`: only the newest `count` were counted.
    `percent` is the mean of the reviewed ones."""

    count: int
    seconds: float
    reviewed: int
    percent: int | None
    is_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewView:
    """A filter of the library with a name; `is_mine`: the viewer's own."""

    id: str
    rev: int
    name: Words
    query: str
    is_shared: bool
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkView:
    """A remark at a moment, in seconds from the recording's beginning."""

    id: str
    rev: int
    recording_id: str
    at_seconds: float
    text: Words
    author_id: str | None
    author_name: Words
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened in the call, in seconds from the recording's beginning. `kind` is hold,
    pause (left out for card data), transfer, answered, left; `until` where it lasted (a hold that nobody saw
    end: None)."""

    kind: str
    at: float
    until: float | None
    who: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A point of a score card. `most` points at best; `weight` multiplies them; without the `is_required` one
    (all of its points) the whole card is failed."""

    key: str
    text: Words
    most: int
    weight: int
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A score card in its newest version (or the one asked for)."""

    id: str
    rev: int
    name: Words
    version: int
    is_archived: bool
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """A filled score card. `percent` None: nothing answered that counts; `is_failed`: a required point was
    missed, and the percent is 0."""

    id: str
    rev: int
    recording_id: str
    shop_id: ShopId
    card: CardView
    reviewer_id: str | None
    reviewer_name: Words
    person_id: str | None
    person_name: Words
    answers: Mapping[str, int | None]
    percent: int | None
    is_failed: bool
    state: ReviewState
    note: Words
    reply: Words
    replied_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickView:
    """A recording that waits for a review, and why: codes of rules_review.REASONS."""

    recording_id: str
    shop_id: ShopId
    started_at: datetime
    reasons: tuple[str, ...]
    state: PickState


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonScore:
    """How one was scored in a stretch of time (`month` as 2026-01)."""

    person_id: str
    person_name: Words
    month: str
    reviews: int
    percent: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareView:
    """A link for somebody outside, to a recording or a part of it. `state`: open, expired, revoked."""

    id: str
    rev: int
    recording_id: str
    clip_id: str | None
    shop_id: ShopId
    reason: Words
    made_by: str | None
    made_name: Words
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    last_opened_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipView:
    """A part of a recording, in seconds from its beginning; `key` is its place in the store, empty while it
    is cut."""

    id: str
    rev: int
    recording_id: str
    shop_id: ShopId
    begin_seconds: float
    end_seconds: float
    reason: Words
    key: str
    size: int
    sha256: str
    made_by: str | None
    made_name: Words
    created_at: datetime

    @property
    def is_ready(self) -> bool:
        """Whether it can be heard."""
        return bool(self.key)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return round(self.end_seconds - self.begin_seconds, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleView:
    """Many recordings in one ZIP; `key` is its place in the store, empty while it is made."""

    id: str
    shop_id: ShopId
    made_by: str | None
    recording_ids: tuple[str, ...]
    key: str
    size: int
    created_at: datetime
    expires_at: datetime
