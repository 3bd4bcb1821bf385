"""Facts about recordings. The PBX names the file; the hub takes it in, refuses it, ties it to its call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event
from hub.values import CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNamed(Event):
    """The PBX writes this call's sound into a file (`VarSet MIXMONITOR_FILENAME`). `path` is the PBX's own;
    `uniqueid` the channel that is recorded, `at` the moment from which on."""

    name: ClassVar[str] = "recording.named"
    call_id: CallId
    path: str
    uniqueid: str
    at: datetime

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNoticed(Event):
    """The dialplan said what the caller heard of the recording: the notice was `played`; asked for a key,
    they `agreed`, or `refused` (also: pressed none)."""

    name: ClassVar[str] = "recording.noticed"
    call_id: CallId
    said: Literal["played", "agreed", "refused"]
    at: datetime

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingGroundNoticed(Event):
    """A call of which there is a recording already ended, or its caller said no: whether that may be kept is
    to be looked at again."""

    name: ClassVar[str] = "recording.ground_noticed"
    call_id: CallId

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFact(Event):
    """Something happened to a recording."""

    recording_id: str
    call_id: CallId | None

    @property
    def key(self) -> str:
        return f"recording:{self.recording_id}"

    @property
    def also_keys(self) -> tuple[str, ...]:
        return (f"call:{self.call_id}",) if self.call_id is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStored(RecordingFact):
    """A recording was taken in whole; `state` is `ready`, `damaged` or `empty`."""

    name: ClassVar[str] = "recording.stored"
    state: str
    started_at: datetime
    offset_seconds: float | None
    duration_seconds: float
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLinked(RecordingFact):
    """A recording found its call later than it was taken in, or goes with another one: `was_call_id` is
    whose it was before."""

    name: ClassVar[str] = "recording.linked"
    was_call_id: CallId | None
    offset_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingErased(RecordingFact):
    """The sound is gone for good; the fact stays. `reason` is why, in a word."""

    name: ClassVar[str] = "recording.erased"
    reason: str


LOW_SCORE = 50
"""Percent below which the score of a talk is low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReviewed(Event):
    """A talk was scored by a card, or the score was corrected. `percent` None: nothing that counts was
    answered; `person_name`: who of ours talked."""

    name: ClassVar[str] = "recording.reviewed"
    recording_id: str
    review_id: str
    percent: int | None
    person_id: str | None
    person_name: str

    @property
    def key(self) -> str:
        return f"recording:{self.recording_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRefused(Event):
    """A file of the spool is no recording that we take: `code` says why."""

    name: ClassVar[str] = "recording.refused"
    path: str
    code: str

    @property
    def key(self) -> str:
        return f"spool:{self.path[:150]}"
