"""What crm gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from hub.kernel.masking import Dialable, Facts, Words
from hub.values import ShopId

Kind = Literal["person", "company"]
Relation = Literal["client", "supplier", "staff", "spam", "other"]
Reason = Literal["exact_number", "company_number"]
FoundBy = Literal["name", "phone", "plate", "vin"]

RoleName = Literal["owner", "driver", "payer", "contact"]
Subject = Literal["client", "vehicle"]
ChangeKind = Literal["added", "changed", "imported", "merged", "unmerged", "erased"]
RequestState = Literal["open", "done", "refused"]
MessengerKind = Literal["telegram", "viber", "whatsapp", "signal", "facebook", "instagram", "other"]

ROLES: tuple[RoleName, ...] = ("driver", "payer", "contact", "owner")
MESSENGERS: tuple[MessengerKind, ...] = (
    "telegram", "viber", "whatsapp", "signal", "facebook", "instagram", "other",
)  # fmt: skip
KINDS: tuple[Kind, ...] = ("person", "company")
RELATIONS: tuple[Relation, ...] = ("client", "supplier", "staff", "spam", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneView:
    """A phone of a client: `number` in E.164 where it can be, `raw` as it was given."""

    number: Dialable
    raw: Dialable
    label: Words
    is_main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Messenger:
    """Where a client writes: `address` is a number, a name or an id there."""

    kind: MessengerKind
    address: Dialable


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """A person or company that we serve, or know otherwise (`relation`). With a `blocked_reason` they
    stand on the black list."""

    id: str
    rev: int
    kind: Kind
    relation: Relation
    name: Words
    phones: tuple[PhoneView, ...]
    emails: tuple[str, ...]
    language: str | None
    tags: tuple[Words, ...]
    note: Words
    is_archived: bool
    created_at: datetime
    updated_at: datetime
    messengers: tuple[Messenger, ...] = ()
    source: str = ""
    segments: tuple[Words, ...] = ()
    blocked_reason: Words | None = None
    birthday: str = ""
    """`1980-03-14`, or `--03-14` without the year."""

    @property
    def title(self) -> str:
        """What to call the client where a name is needed: the name, else the main phone."""
        return self.name or (self.phones[0].number if self.phones else self.id[-6:])


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleView:
    """A car; `client_id` is the owner now."""

    id: str
    rev: int
    plate: str | None
    vin: str | None
    make: str
    model: str
    year: int | None
    mileage_km: int | None
    client_id: str | None
    note: Words
    is_archived: bool
    created_at: datetime

    @property
    def name(self) -> str:
        """Make and model: `Škoda Octavia`."""
        return " ".join(part for part in (self.make, self.model) if part)

    @property
    def title(self) -> str:
        """As people say it: `Octavia АА1234ВВ`."""
        parts = (self.model or self.make, self.plate or "")
        return " ".join(part for part in parts if part) or (self.vin or self.id[-6:])


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipView:
    """Who owned a car from `since` (None: unknown) until the day before `until` (None: still)."""

    id: str
    client_id: str
    vehicle_id: str
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may be the caller, and why."""

    client_id: str
    name: Words
    relation: Relation
    reason: Reason
    owns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerMatch:
    """Who a number belongs to. `client_id` only when exactly one record has the number and that
    record is a client; several are candidates, never a guess. `relation` is that of the only
    candidate (a supplier, spam), or None when nobody or several are known."""

    client_id: str | None
    candidates: tuple[Candidate, ...]
    relation: Relation | None
    is_learned: bool = False
    """Several have the number, and a person chose this one for it."""


NOBODY = CallerMatch(client_id=None, candidates=(), relation=None)


def reason_in_words(t: Callable[..., str], candidate: Candidate) -> str:
    """Why somebody may be the caller, in the viewer's language."""
    said = t("number of a company") if candidate.reason == "company_number" else t("exact number")
    if candidate.owns:
        said += ", " + t("owner of {cars}", cars=", ".join(candidate.owns))
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A client or a car that one search box found; a car comes with its owner, if it has one."""

    client: ClientView | None
    vehicle: VehicleView | None
    found_by: FoundBy


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEntry:
    """A phone as somebody enters it."""

    number: Dialable
    label: Words = ""
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """A client as somebody enters it: the whole, for a new one or in place of the old."""

    kind: Kind = "person"
    relation: Relation = "client"
    name: Words = ""
    phones: tuple[PhoneEntry, ...] = ()
    emails: tuple[str, ...] = ()
    language: str | None = None
    tags: tuple[Words, ...] = ()
    note: Words = ""
    is_archived: bool = False
    messengers: tuple[Messenger, ...] = ()
    source: str = ""
    segments: tuple[Words, ...] = ()
    blocked_reason: Words | None = None
    birthday: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleEntry:
    """A car as somebody enters it; `owner_since` dates a change of owner (None: from now on)."""

    plate: str = ""
    vin: str = ""
    make: str = ""
    model: str = ""
    year: int | None = None
    mileage_km: int | None = None
    client_id: str | None = None
    owner_since: date | None = None
    note: Words = ""
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFilter:
    """Which clients; `text` is the one search box, `phone` an exact number in any writing. `whole_numbers`:
    a part of a number finds nobody, beyond the digits that a mask shows."""

    text: str = ""
    phone: str = ""
    relation: Relation | None = None
    is_archived: bool | None = False
    source: str = ""
    segment: str = ""
    is_blocked: bool = False
    whole_numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFilter:
    """Which cars; `text` finds plates, VINs, makes, models and owners; `whole_numbers` as of clients."""

    text: str = ""
    client_id: str | None = None
    is_archived: bool | None = False
    whole_numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPage:
    """A stretch of a list, newest first; `next` continues it, None at its end."""

    items: tuple[ClientView, ...]
    next: str | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehiclePage:
    """A stretch of a list, newest first; `next` continues it, None at its end."""

    items: tuple[VehicleView, ...]
    next: str | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """What a client is to a vehicle or to another client; exactly one of the two is named."""

    id: str
    role: RoleName
    client_id: str
    of_client_id: str | None
    vehicle_id: str | None
    note: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """A role as somebody enters it."""

    role: RoleName
    client_id: str
    of_client_id: str | None = None
    vehicle_id: str | None = None
    note: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MileageView:
    """A reading of a car's counter; `since_last` is the difference to the reading before it, in km."""

    id: str
    read_on: date
    km: int
    note: Words
    actor: str | None
    since_last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """What somebody (None: the program itself) changed; `fields` are name -> [before, after]."""

    id: str
    what: ChangeKind
    at: datetime
    actor: str | None
    fields: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A stretch of a history, newest first; `next` continues it, None at its end."""

    items: tuple[ChangeView, ...]
    next: str | None = None


DuplicateReason = Literal["same_phone", "same_plate", "same_name", "similar_phone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateView:
    """Two records that may be one client, and why; `shown` is the phone or plate that they share."""

    one: ClientView
    other: ClientView
    reasons: tuple[DuplicateReason, ...]
    shown: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeView:
    """Two records that were merged; `undone_at` says that they are two again."""

    id: str
    from_id: str
    into_id: str
    reason: Words
    at: datetime
    actor: str | None
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePage:
    """A stretch of the list of mergings, newest first."""

    items: tuple[MergeView, ...]
    next: str | None = None


ImportWhat = Literal["added", "filled", "same", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A row of somebody's file: a client, and cars of theirs."""

    entry: ClientEntry
    cars: tuple[VehicleEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of a row: a new client, one that got what was missing, one that was there already, or
    none. `text` says what is wrong (English source text)."""

    what: ImportWhat
    client_id: str | None = None
    text: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """That a person's data were erased: when, why, by whom and who signed for it. `client_id` None: of a
    caller of whom nothing but the number was known."""

    id: str
    client_id: str | None
    at: datetime
    actor: str | None
    second: str | None
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequestView:
    """Somebody asked to be forgotten: a client, or a caller known by the number alone. `due_at`: what the
    law gives to answer. When it is done, number and words are gone; refused, `answer` says why."""

    id: str
    rev: int
    shop_id: ShopId
    client_id: str | None
    number: Dialable | None
    words: Words
    state: RequestState
    asked_at: datetime
    asked_by: str | None
    due_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    answer: Words

    def is_late(self, now: datetime) -> bool:
        """Whether it waits longer than the law allows."""
        return self.state == "open" and now > self.due_at

    def is_near(self, now: datetime) -> bool:
        """Whether its last week has begun."""
        return self.state == "open" and now > self.due_at - timedelta(days=7)
