"""Facts about calls and about the line to the PBX.

Every call fact carries the whole call as it stands after the fact (`CallSnapshot`), so that a
handler may run twice, may be late, and need never ask the tracker. `step` grows with each fact of
one call: an older step never overwrites a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event
from hub.values import CallId

Direction = Literal["inbound", "outbound", "internal"]
CallStateName = Literal["ringing", "queued", "talking", "on_hold", "parked", "ended"]
CallResult = Literal[
    "answered", "voicemail", "short_abandon", "missed",
    "no_answer", "busy", "failed", "cancelled", "unknown",
]  # fmt: skip
MissedReason = Literal["rang_out", "busy", "declined", "unreachable", "before_ringing"]
PartyOutcome = Literal["answered", "declined", "busy", "answered_elsewhere", "cancelled", "no_answer"]
Via = Literal["phone", "mobile"]
TransferKind = Literal["blind", "attended", "redirect", "park"]
LegRole = Literal["caller", "phone", "mobile", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person of ours in the call: one per extension or mobile. `outcome` is None while ringing."""

    extension: str | None
    number: str | None
    via: Via
    name: str | None
    rang_at: datetime | None
    answered_at: datetime | None
    left_at: datetime | None
    outcome: PartyOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The call went from one of ours to another, or to a parking space; `at` = when it was done."""

    at: datetime
    kind: TransferKind
    from_extension: str | None
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A channel of the PBX, for the time line of the call's page; not for counting."""

    uniqueid: str
    channel: str
    role: LegRole
    label: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """One conversation as product.md defines it, field by field, as far as the PBX tells it.

    `dialled` is the number of the line as received; `caller_name` what the network sent, kept as it
    came. `parked_at_space` is the space while parked. Seconds carry one decimal."""

    call_id: CallId
    direction: Direction
    from_number: str | None
    to_number: str | None
    caller_name: str | None
    dialled: str | None
    trunk: str | None
    queue: str | None
    state: CallStateName
    result: CallResult | None
    missed_reason: MissedReason | None
    started_at: datetime
    queued_at: datetime | None
    offered_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_seconds: float | None
    talk_seconds: float
    hold_seconds: float
    answered_by: str | None
    last_extension: str | None
    parties: tuple[Party, ...]
    transfers: tuple[Transfer, ...]
    legs: tuple[Leg, ...]
    parked_at_space: str | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact(Event):
    """Something happened to a call; `call` is how it stands now."""

    step: int
    call: CallSnapshot

    @property
    def key(self) -> str:
        return f"call:{self.call.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(CallFact):
    """A conversation was seen for the first time."""

    name: ClassVar[str] = "call.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallFact):
    """The caller joined a queue."""

    name: ClassVar[str] = "call.queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRinging(CallFact):
    """A phone began to ring (the first one, a further one, or one after a transfer)."""

    name: ClassVar[str] = "call.ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallFact):
    """A person answered: the first, or the next one after a transfer or from parking."""

    name: ClassVar[str] = "call.answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallFact):
    """Our side put the other side on hold."""

    name: ClassVar[str] = "call.held"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallFact):
    """The hold ended."""

    name: ClassVar[str] = "call.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(CallFact):
    """A transfer was done, parking included."""

    name: ClassVar[str] = "call.transferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged(CallFact):
    """Anything else a person would see: a phone stopped ringing, a name came, a gap was declared."""

    name: ClassVar[str] = "call.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallFact):
    """The outside party is gone (internal: one of the two)."""

    name: ClassVar[str] = "call.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCorrected(CallFact):
    """The journal was read again, and by today's rules the call was otherwise: a person took that over.
    `step` follows the newest one that was known, so that nothing older comes back."""

    name: ClassVar[str] = "call.corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMerged(Event):
    """What was followed as a call of its own turned out to be a part of another one."""

    name: ClassVar[str] = "call.merged"
    step: int
    call_id: CallId
    into_call_id: CallId

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"

    @property
    def also_keys(self) -> tuple[str, ...]:
        return (f"call:{self.into_call_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWrappedUp(Event):
    """Somebody said what came of a call, or took it back: ids of the words that the shop chose, all that the
    call has now."""

    name: ClassVar[str] = "call.wrapped_up"
    call_id: CallId
    disposition: str | None
    tags: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNoted(Event):
    """Somebody wrote a note to a call."""

    name: ClassVar[str] = "call.noted"
    call_id: CallId
    note_id: str

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Event):
    """Somebody who waited in a queue pressed a key: they keep their place, and want to be called back.
    `place` as the PBX counted it (1 = the next), `waiting_since` when they joined it; None: not told."""

    name: ClassVar[str] = "call.callback_asked"
    call_id: CallId
    queue: str
    place: int | None
    waiting_since: datetime | None

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


CALL_FACTS: tuple[type[CallFact], ...] = (
    CallStarted, CallQueued, CallRinging, CallAnswered, CallHeld, CallResumed,
    CallTransferred, CallChanged, CallEnded, CallCorrected,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLinkLost(Event):
    """The line to the PBX is away: calls may be missing from here on."""

    name: ClassVar[str] = "pbx.link_lost"
    pbx: str
    reason: str

    @property
    def key(self) -> str:
        return f"pbx:{self.pbx}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLinkRestored(Event):
    """The line to the PBX is back and the snapshot was compared. `lost_at` is None at the first
    log-in of the process. `is_new_boot`: the PBX itself had been restarted. `living`: every call that
    is followed from here on (by the snapshot, where there is one), so that one which a killed hub left
    open is closed; None = not known."""

    name: ClassVar[str] = "pbx.link_restored"
    is_border: ClassVar[bool] = True
    pbx: str
    boot: str
    session: int
    lost_at: datetime | None
    is_new_boot: bool
    closed_calls: int
    adopted_calls: int
    living: tuple[CallId, ...] | None = None

    @property
    def key(self) -> str:
        return f"pbx:{self.pbx}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxGapDeclared(Event):
    """Messages of the PBX were dropped because the hub could not take them; a snapshot follows."""

    name: ClassVar[str] = "pbx.gap_declared"
    pbx: str
    dropped: int

    @property
    def key(self) -> str:
        return f"pbx:{self.pbx}"
