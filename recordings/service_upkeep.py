"""What is kept of recordings, form by form. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Exists, exists, select

from hub.kernel.context import Deps, UnitOfWork
from hub.values import ShopId
from recordings.erasing import is_held, leave
from recordings.models import Recording, Rendition
from recordings.models_sharing import Bundle, Clip
from recordings.service import RecordingService
from recordings.service_taking import KeptFile
from recordings.views import RecordingView

_BATCH = 20
_GIVEN_UP = "not_convertible"


class UpkeepService:
    """Forms of recordings: which are missing, which are over."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._recordings = RecordingService(uow, deps)

    async def without(self, form: str, since: datetime) -> Sequence[RecordingView]:
        """Recordings that have an original and not this form, the oldest first."""
        query = select(Recording).where(
            Recording.started_at >= since, Recording.state == "ready", Recording.fault != _GIVEN_UP,
            ~_has(form), _has("original"),
        )  # fmt: skip
        query = query.order_by(Recording.started_at, Recording.id).limit(_BATCH)
        return await self._recordings.views((await self._session.scalars(query)).all())

    async def old_originals(self, before: datetime, after: str) -> Sequence[RecordingView]:
        """Recordings that still have an original of before then, by their id from `after` on."""
        query = (
            select(Recording)
            .join(Rendition, Rendition.recording_id == Recording.id)
            .where(Rendition.kind == "original", Rendition.made_at < before, Recording.state == "ready")
            .where(Recording.fault != _GIVEN_UP, Recording.id > after, ~is_held())
            .order_by(Recording.id)
            .limit(_BATCH)
        )
        return await self._recordings.views((await self._session.scalars(query)).all())

    async def after(self, recording_id: str) -> Sequence[RecordingView]:
        """All recordings that have files, some hundred at once, by their id."""
        query = select(Recording).where(Recording.id > recording_id).order_by(Recording.id).limit(200)
        return await self._recordings.views((await self._session.scalars(query)).all())

    async def known_paths(self, ids: Collection[str]) -> set[str]:
        """The files of these recordings, parts and ZIPs."""
        files = select(Rendition.path).where(Rendition.recording_id.in_(sorted(ids)))
        zips = select(Bundle.key).where(Bundle.id.in_(sorted(ids)))
        clips = select(Clip.key).where(Clip.id.in_(sorted(ids)))
        found = [(await self._session.scalars(query)).all() for query in (files, zips, clips)]
        return {path for paths in found for path in paths}

    async def add(self, recording_id: str, file: KeptFile) -> None:
        """Another form of it is in the store. Twice is once."""
        row = await self._session.get(Recording, recording_id)
        known = await self._session.get(Rendition, (recording_id, file.kind))
        if row is None or row.state == "erased":
            await self._uow.read(lambda connection: leave(connection, [file.key]))
            return
        if row.state != "ready" or known is not None:
            return
        self._session.add(
            Rendition(
                recording_id=recording_id, kind=file.kind, path=file.key, content_type=file.content_type,
                size=file.size, sha256=file.sha256, made_at=self._clock.now(),
            )
        )  # fmt: skip
        await self._changed(row)

    async def drop(self, recording_id: str, kind: str) -> str | None:
        """The row of a form goes; where its file lies, which must go then."""
        row = await self._session.get(Rendition, (recording_id, kind))
        if row is None:
            return None
        path = row.path
        await self._session.delete(row)
        owner = await self._session.get(Recording, recording_id)
        if owner is not None:
            await self._changed(owner)
        return path

    async def give_up(self, recording_id: str, _form: str) -> None:
        """It cannot be converted: the original stays."""
        row = await self._session.get(Recording, recording_id)
        if row is not None:
            row.fault = _GIVEN_UP
            await self._changed(row)

    async def lost(self, recording_id: str, kind: str) -> None:
        """A file is not in the store any more; without another that plays, the recording is damaged."""
        await self.drop(recording_id, kind)
        row = await self._session.get(Recording, recording_id, populate_existing=True)
        if row is None or row.state != "ready":
            return
        if (await self._recordings.views([row]))[0].playable is None:
            row.state, row.fault = "damaged", "lost"
            await self._changed(row)

    async def _changed(self, row: Recording) -> None:
        row.rev += 1
        await self._session.flush()
        self._uow.hint("recording", row.id, row.rev, shop_id=ShopId(row.shop_id))


def _has(kind: str) -> Exists:
    return exists().where(Rendition.recording_id == Recording.id, Rendition.kind == kind)
