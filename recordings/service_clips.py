"""Parts of recordings as files of their own, to be given away. They live as long as their recording. Never
commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.values import ShopId
from recordings.audio.clips import CONTENT_TYPE, LONGEST, SHORTEST
from recordings.erasing import leave
from recordings.models import Recording
from recordings.models_sharing import Clip, Share
from recordings.service_erasing import TURN
from recordings.service_sharing import clean_reason
from recordings.views import PeaksView, RecordingView, RenditionView
from recordings.views_library import ClipView

MOST = 50
"""Parts of one recording."""


class ClipService:
    """Which parts there are of a recording."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def order(
        self, recording: RecordingView, begin: float | None, end: float | None, *, reason: str,
        made_name: str, second: str | None,
    ) -> ClipView:  # fmt: skip
        """A part that is to be cut. Raises Invalid for moments that are none, Conflict."""
        begin, end = self.ensure_part(recording, begin, end)
        await self._uow.take_turn(TURN)
        state = select(Recording.state).where(Recording.id == recording.id)
        if (await self._session.scalars(state)).first() in (None, "erased"):
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        await self._uow.take_turn(f"recordings.clips:{recording.id}")
        counted = select(func.count()).where(Clip.recording_id == recording.id)
        if (await self._session.execute(counted)).scalar_one() >= MOST:
            raise Conflict(
                "recordings.too_many_clips", "This recording has 50 parts already.",
                "Remove those that nobody needs any more.",
            )  # fmt: skip
        row = Clip(
            id=new_id(self._clock), rev=1, recording_id=recording.id, shop_id=recording.shop_id,
            begin_seconds=begin, end_seconds=end, reason=clean_reason(reason), key="", size=0, sha256="",
            made_by=self._uow.actor, made_name=made_name, second=second, created_at=self._clock.now(),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _view(row)

    def ensure_part(
        self, recording: RecordingView, begin: float | None, end: float | None
    ) -> tuple[float, float]:
        """Both moments to a tenth of a second. Raises Invalid, Conflict."""
        if recording.playable is None:
            raise Conflict(
                "recordings.nothing_to_share", "There is nothing to hear.", "Choose another recording."
            )
        if begin is None or end is None or not 0 <= begin < end <= recording.duration_seconds + 1:
            raise Invalid(
                "recordings.part", "These moments are not in the recording.",
                "Write minutes and seconds, like 1:05, the first before the second.",
                fields={"from": "Write minutes and seconds, like 1:05."},
            )  # fmt: skip
        begin, end = round(begin, 1), round(min(end, recording.duration_seconds), 1)
        if not SHORTEST <= end - begin <= LONGEST:
            raise Invalid(
                "recordings.part_length", "A part lasts from half a second to 10 minutes.",
                "What is longer is given away whole.", fields={"to": "From half a second to 10 minutes."},
            )  # fmt: skip
        return begin, end

    async def of(self, recording_id: str) -> tuple[ClipView, ...]:
        """The parts of a recording, as they follow one another."""
        query = select(Clip).where(Clip.recording_id == recording_id)
        rows = (await self._session.scalars(query.order_by(Clip.begin_seconds, Clip.id))).all()
        return tuple(_view(row) for row in rows)

    async def one(self, recording_id: str, clip_id: str) -> ClipView:
        """Raises NotFound."""
        row = await self._session.get(Clip, clip_id) if "\x00" not in clip_id else None
        if row is None or row.recording_id != recording_id:
            raise NotFound(
                "recordings.clip_unknown", "There is no such part of this recording.", "Cut it once more."
            )
        return _view(row)

    async def by_id(self, clip_id: str) -> ClipView | None:
        """None: it is removed, or its recording is erased."""
        row = await self._session.get(Clip, clip_id)
        return _view(row) if row is not None else None

    async def cut(self, clip_id: str, key: str, size: int, sha256: str) -> None:
        """It lies there now; of what was erased or removed meanwhile nothing stays."""
        row = await self._locked(clip_id)
        if row is None or row.key:
            await self._uow.read(lambda connection: leave(connection, [key]))
            return
        row.key, row.size, row.sha256, row.rev = key, size, sha256, row.rev + 1
        await self._session.flush()
        self._uow.hint("recording", row.recording_id, row.rev, shop_id=ShopId(row.shop_id))

    async def remove(self, clip: ClipView) -> None:
        """It is gone, and links to it open nothing."""
        row = await self._locked(clip.id)
        if row is None:
            return
        await self._uow.read(lambda connection: leave(connection, [row.key]))
        still = update(Share).where(Share.clip_id == clip.id, Share.revoked_at.is_(None))
        await self._session.execute(
            still.values(revoked_at=self._clock.now(), rev=Share.rev + 1),
            execution_options={"synchronize_session": False},
        )
        await self._session.delete(row)
        await self._session.flush()

    async def drop_uncut(self, before: datetime) -> None:
        """Parts that were asked for before then and whose work has ended without them."""
        query = select(Clip).where(Clip.key == "", Clip.created_at < before)
        for row in (await self._session.scalars(query)).all():
            await self.remove(_view(row))

    async def _locked(self, clip_id: str) -> Clip | None:
        """Cutting, removing and erasing wait for each other: each sees what the one before has written."""
        return await self._session.get(Clip, clip_id, with_for_update=True, populate_existing=True)


def as_recording(recording: RecordingView, clip: ClipView) -> RecordingView:
    """A part as a recording by itself, for whoever gets nothing else. Raises NotFound while it is cut."""
    if not clip.is_ready:
        raise NotFound("recordings.not_cut", "The part is not cut yet.", "Try again in a moment.")
    file = RenditionView(
        kind="mp3", path=clip.key, content_type=CONTENT_TYPE, size=clip.size, sha256=clip.sha256,
        made_at=clip.created_at,
    )  # fmt: skip
    begun = recording.started_at + timedelta(seconds=clip.begin_seconds)
    return replace(recording, started_at=begun, duration_seconds=clip.seconds, renditions={"mp3": file})


def peaks_within(peaks: PeaksView, clip: ClipView) -> PeaksView:
    """The waveform of the part."""
    first, last = (int(at * peaks.per_second) for at in (clip.begin_seconds, clip.end_seconds))
    return replace(peaks, channels=tuple(one[first : last + 1] for one in peaks.channels))


def _view(row: Clip) -> ClipView:
    return ClipView(
        id=row.id, rev=row.rev, recording_id=row.recording_id, shop_id=ShopId(row.shop_id),
        begin_seconds=row.begin_seconds, end_seconds=row.end_seconds, reason=row.reason, key=row.key,
        size=row.size, sha256=row.sha256, made_by=row.made_by, made_name=row.made_name,
        created_at=row.created_at,
    )  # fmt: skip
