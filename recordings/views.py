"""What recordings gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from hub.kernel.masking import Dialable, Words
from hub.values import ShopId

RecordingState = Literal["ready", "damaged", "empty", "erased"]
"""Plays; was kept but cannot be played; holds no sound; its sound is gone for good, the fact stays."""

RenditionKind = Literal["original", "opus", "mp3", "peaks", "words"]
PLAYABLE: tuple[RenditionKind, ...] = ("original", "opus", "mp3")
"""What can be listened to, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionView:
    """A file of the store. `path` is the store's own key, never a path of the machine."""

    kind: RenditionKind
    path: str
    content_type: str
    size: int
    sha256: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingView:
    """A recording. `offset_seconds` is its start against the call's; `channel_map` says who is on which
    channel: `mixed`, or `outside` and `ours`; `loudness` is the mean level in dBFS."""

    id: str
    rev: int
    shop_id: ShopId
    call_id: str | None
    state: RecordingState
    started_at: datetime
    offset_seconds: float | None
    duration_seconds: float
    channels: int
    channel_map: tuple[str, ...]
    codec: str
    sample_rate: int
    is_repaired: bool
    is_truncated: bool
    fault: str
    sha256: str
    size: int
    loudness: float | None
    source_name: Words
    taken_at: datetime
    renditions: Mapping[str, RenditionView] = field(default_factory=dict)

    @property
    def playable(self) -> RenditionView | None:
        """The best that can be listened to; None when there is nothing to hear."""
        if self.state != "ready":
            return None
        return next((self.renditions[kind] for kind in PLAYABLE if kind in self.renditions), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilter:
    """Which recordings. `shops` None = every shop; `phones` None = everybody's, else those in which one of
    these extensions or mobiles is to be heard; the period is of their beginning."""

    shops: frozenset[ShopId] | None = None
    phones: tuple[Dialable, ...] | None = None
    call_id: str | None = None
    state: RecordingState | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPage:
    """A stretch of the list, newest first; `next` continues it."""

    items: tuple[RecordingView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeaksView:
    """A waveform: `per_second` values per channel, the loudest of each stretch, 0 to 1."""

    per_second: float
    channels: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenView:
    """Somebody listened: which stretches (seconds) were sent, and which a player says it played."""

    id: str
    recording_id: str
    actor: str
    name: Words
    began_at: datetime
    last_at: datetime
    parts: tuple[tuple[float, float], ...]
    played: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedView:
    """That a recording was erased. `rule`: retention, request, client (their data were erased), restored (an
    older backup had brought it back)."""

    recording_id: str
    at: datetime
    rule: str
    reason: Words
    actor: str | None
    name: Words
    second: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A legal hold on a recording, or on all of a call. `is_proposal`: an owner has not decided yet; it holds
    until `decided_by`."""

    id: str
    recording_id: str | None
    call_id: str | None
    reason: Words
    made_name: Words
    created_at: datetime
    is_proposal: bool
    decided_by: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepView:
    """A recording, or all of a call, is not erased by age before `until`. `source`: the module that says so,
    empty for a person."""

    id: str
    recording_id: str | None
    call_id: str | None
    until: datetime
    reason: Words
    source: str
    made_name: Words
    created_at: datetime

    @property
    def last_moment(self) -> datetime:
        """Still within the last day: `until` is the midnight that ends it."""
        return self.until - timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFileView:
    """A file of the spool that was refused, or could not be taken yet."""

    key: str
    path: str
    size: int
    mtime_ns: int
    state: str
    code: str
    attempts: int
    not_before: datetime | None
    seen_at: datetime
