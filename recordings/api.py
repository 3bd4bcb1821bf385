"""What other modules and pages may ask of recordings."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.kernel.parts import Composed, Part
from recordings.audio.speech import speech_of
from recordings.service import EVERYWHERE, RecordingService
from recordings.service_basis import BasisService
from recordings.service_cards import CardService
from recordings.service_clips import ClipService
from recordings.service_erasing import ErasingService
from recordings.service_guard import GuardService
from recordings.service_holds import LegalHoldService
from recordings.service_keeps import KeepService
from recordings.service_library import LibraryService
from recordings.service_linking import LinkingService
from recordings.service_listens import ListenService
from recordings.service_marks import MarkService
from recordings.service_peaks import PeaksService
from recordings.service_queue import QueueService
from recordings.service_reviews import ReviewService
from recordings.service_saved import SavedViewService
from recordings.service_sharing import SharingService
from recordings.service_shelf import ShelfService
from recordings.service_spool import SpoolService
from recordings.service_transcripts import TranscriptService
from recordings.service_upkeep import UpkeepService
from recordings.views import (
    ListenView,
    PeaksView,
    RecordingFilter,
    RecordingPage,
    RecordingState,
    RecordingView,
    RenditionView,
    SpoolFileView,
)  # fmt: skip

__all__ = [
    "ListenView", "PeaksView", "RecordingFilter", "RecordingPage", "RecordingState", "RecordingView",
    "RecordingsApi", "RenditionView", "SpoolFileView",
]  # fmt: skip


class RecordingsApi(Composed):
    """Recordings, for one unit of work. A filter is also how far somebody's right reaches (`scope.reach_of`).
    `linking` ties them to calls, `listens` is the log of listening, `spool` what became of the PBX's files,
    `upkeep` which forms are kept; `library` finds them, `shelf` keeps what they are found by; `marks`,
    `cards`, `reviews` and `queue` are the review, `sharing` what leaves the house, `saved` the kept views,
    `transcripts` what was said, `erasing` what goes and why, `holds` what must stay,
    `keeps` what stays until a day, `clips` parts as files of their own,
    `basis` what calls are recorded on, `guard` stops and pauses their recording."""

    linking = Part(LinkingService)
    listens = Part(ListenService)
    spool = Part(SpoolService)
    upkeep = Part(UpkeepService)
    library = Part(LibraryService)
    shelf = Part(ShelfService)
    marks = Part(MarkService)
    cards = Part(CardService)
    reviews = Part(ReviewService)
    queue = Part(QueueService)
    sharing = Part(SharingService)
    saved = Part(SavedViewService)
    transcripts = Part(TranscriptService)
    erasing = Part(ErasingService)
    holds = Part(LegalHoldService)
    keeps = Part(KeepService)
    clips = Part(ClipService)
    basis = Part(BasisService)
    guard = Part(GuardService)
    _recordings = Part(RecordingService)
    _peaks = Part(PeaksService)

    async def one(self, recording_id: str, reach: RecordingFilter = EVERYWHERE) -> RecordingView:
        """Raises NotFound, also for what the reach leaves out."""
        return await self._recordings.one(recording_id, reach)

    async def many(self, recording_ids: Sequence[str]) -> tuple[RecordingView, ...]:
        """Those that are there, in the order of the ids: what a page of the library names."""
        return await self._recordings.many(recording_ids)

    async def of_calls(
        self, call_ids: Collection[str], reach: RecordingFilter = EVERYWHERE
    ) -> dict[str, tuple[RecordingView, ...]]:
        """The recordings of each call, the first first."""
        return await self._recordings.of_calls(call_ids, reach)

    async def page(
        self, where: RecordingFilter, *, cursor: str | None = None, limit: int = 50
    ) -> RecordingPage:
        """A stretch of the list, newest first. Raises Invalid for a cursor that is not ours."""
        return await self._recordings.page(where, cursor, limit)

    async def peaks(self, recording: RecordingView, points: int = 2000) -> PeaksView:
        """Its waveform. Raises NotFound where there is none."""
        return await self._peaks.of(recording, points)

    async def consider(self, recording_id: str) -> None:
        """A recording is new, or its call has changed: it is found by what is so now, and looked at by the
        rules of the review."""
        await self.shelf.put([recording_id])
        await self.queue.consider([recording_id])

    async def write_down(self, recording_id: str) -> None:
        """Have what is said in it written down, where there is an engine for that."""
        if speech_of(self._deps) is not None:
            payload = {"recording_id": recording_id}
            await self._deps.jobs.enqueue(self._uow, "recordings.transcribe", payload, key=recording_id)
