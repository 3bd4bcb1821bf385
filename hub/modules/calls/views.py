"""What calls gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from hub.events.calls import CallResult, CallStateName, Direction, MissedReason, PartyOutcome
from hub.kernel.hosts import HostReason
from hub.kernel.list_filters import Given
from hub.kernel.masking import Dialable, Words
from hub.modules.calls.models import ERASED_STEP
from hub.modules.calls.rules_statistics import CallerKind, Outcome, OutcomeGroup
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """A person of ours in the call. `name` is our person's, else what the PBX said."""

    extension: Dialable | None
    number: Dialable | None
    via: str
    name: Words | None
    rang_at: datetime | None
    answered_at: datetime | None
    left_at: datetime | None
    outcome: PartyOutcome | None

    @property
    def who(self) -> str:
        """The extension, else the mobile's number."""
        return self.extension or self.number or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferView:
    """The call went on to somebody else, or to a parking space."""

    at: datetime
    kind: str
    from_extension: Dialable | None
    to: Dialable


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """A channel of the PBX, for the time line."""

    uniqueid: str
    channel: Words
    role: str
    label: Words
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


RouteReason = Literal[HostReason, "talked_last", "queue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """Whom to ring for a caller: an extension with whose it is and why, or None for the queue; `call_id` is
    the call that says so."""

    extension: str | None
    person: str
    reason: RouteReason
    call_id: str | None
    client_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call as product.md defines it. `other_number` is the outside party's (internal: the
    colleague's who was called); `candidate_count` says how many records have that number."""

    id: str
    rev: int
    step: int
    shop_id: ShopId
    direction: Direction
    from_number: Dialable | None
    to_number: Dialable | None
    other_number: Dialable | None
    caller_name: Words | None
    dialled: Dialable | None
    trunk: str | None
    line: str | None
    queue: str | None
    state: CallStateName
    result: CallResult | None
    missed_reason: MissedReason | None
    in_hours: bool
    started_at: datetime
    queued_at: datetime | None
    offered_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_seconds: float | None
    talk_seconds: float
    hold_seconds: float
    answered_by: Dialable | None
    last_extension: Dialable | None
    parties: tuple[PartyView, ...]
    transfers: tuple[TransferView, ...]
    legs: tuple[LegView, ...]
    parked_space: str | None
    client_id: str | None
    vehicle_id: str | None
    relation: str | None
    candidate_count: int
    is_complete: bool
    recording_ids: tuple[str, ...] = ()

    @property
    def is_imported(self) -> bool:
        """Whether an older PBX told of it, and we did not hear it ourselves."""
        return self.id.startswith("cdr:")

    @property
    def is_erased(self) -> bool:
        """Whether its caller was erased: who it was is known no more."""
        return self.step == ERASED_STEP

    @property
    def is_live(self) -> bool:
        """Whether it goes on."""
        return self.state != "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time of shops that share a zone; `shops` None = every shop, an end that is None is open."""

    shops: frozenset[ShopId] | None
    zone: ZoneInfo
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls. `shops` None = every shop. `person` holds extensions and mobiles, any of which
    took part, `answered_by` those of whoever talked first; `number` is any writing of either side's number.
    `line`, `queue` and `source` may be NONE: calls without one. `weekday` (0 = Monday) and `hour` are the
    shop's own; `outcome` is a number of the statistics; `more` are filters that other modules add
    (hub.kernel.list_filters). Where the shops' days begin at different moments, `stretches` has the time of
    each zone, and `since` and `until` are the outermost ends."""

    shops: frozenset[ShopId] | None = None
    since: datetime | None = None
    until: datetime | None = None
    direction: Direction | None = None
    result: CallResult | None = None
    state: CallStateName | None = None
    person: tuple[str, ...] | None = None
    line: str | None = None
    queue: str | None = None
    number: str | None = None
    client_id: str | None = None
    vehicle_id: str | None = None
    is_complete: bool | None = None
    in_hours: bool | None = None
    missed_reason: MissedReason | None = None
    outcome: OutcomeGroup | None = None
    answered_by: tuple[str, ...] | None = None
    caller: CallerKind | None = None
    source: str | None = None
    weekday: int | None = None
    hour: int | None = None
    more: Given = ()
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """A stretch of the history, newest first; `next` continues it, None at its end."""

    items: tuple[CallView, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTotals:
    """What the list adds up to: counted by the same conditions as the list. `is_part`: only the newest
    `count` of them were counted."""

    count: int
    live: int
    inbound: int
    outbound: int
    internal: int
    answered: int
    missed: int
    short_abandons: int
    voicemail: int
    talk_seconds: float
    is_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """What somebody wrote to a call."""

    id: str
    rev: int
    call_id: str
    text: Words
    author_id: str | None
    author_name: Words
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A number of ours that the world dials, its name and the advertisement that carries it."""

    id: str
    rev: int
    number: str
    name: str
    source: str
    shop_id: ShopId
    capacity: int | None = None
    trunk: str = ""
    callback_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEntry:
    """What may be written about a line; numbers in any writing. `capacity`: calls at once, None where
    nobody knows; `trunk`: the endpoint of the PBX that it comes by, `*` for anything."""

    number: str
    name: str
    shop_id: ShopId
    source: str = ""
    capacity: int | None = None
    trunk: str = ""
    callback_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapView:
    """A time in which calls may be missing; `ended_at` None: it goes on. `kind` is `lost` (the
    line to the PBX was away) or `dropped` (messages were dropped)."""

    id: str
    pbx: str
    kind: str
    began_at: datetime
    ended_at: datetime | None
    reason: str
    dropped: int


Facet = Literal["all", "day", "slot", "line", "queue", "answered_by", "caller", "reason", "phones"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How many calls went so, by one facet: `all`, `day` (local day), `slot` (weekday * 24 + hour), `line`,
    `queue`, `answered_by`, `caller`, `reason` (of a call that was not answered), `phones` (who took part in
    outbound calls and in those that nobody answered, by commas). `value` "" where a call has none."""

    facet: Facet
    value: str
    direction: Direction
    in_hours: bool
    outcome: Outcome
    count: int
    talk_seconds: float
    wait_seconds: float


def counted(
    facet: str, value: object, direction: Direction, in_hours: bool, outcome: Outcome, count: int,
    talk: float, wait: float,
) -> CallCount:  # fmt: skip
    """A row as the database gives it."""
    return CallCount(
        facet=cast("Facet", facet), value="" if value is None else str(value), direction=direction,
        in_hours=bool(in_hours), outcome=outcome, count=count, talk_seconds=float(talk or 0.0),
        wait_seconds=float(wait or 0.0),
    )  # fmt: skip


def key_of_phones(phones: Iterable[str]) -> str:
    """How a person's phones are named together in the tallies; empty of none."""
    return ",".join(sorted(set(phones)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCall:
    """The last call of somebody whom nobody of ours has talked to since."""

    call_id: str
    shop_id: ShopId
    client_id: str | None
    number: Dialable | None
    line: str | None
    missed_reason: MissedReason | None
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkView:
    """An outside line as it is used now. `lines`: the names of the numbers that come by it."""

    trunk: str
    shop_id: ShopId
    lines: tuple[str, ...]
    channels: int
    capacity: int
    full_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FullView:
    """A time in which a line carried all the calls that it can; `is_all`: every line of the shop did."""

    id: str
    shop_id: ShopId
    trunk: str
    lines: tuple[str, ...]
    capacity: int
    is_all: bool
    began_at: datetime
    ended_at: datetime | None
