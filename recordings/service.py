"""Recordings one by one and as a list. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import cursor_of, place_in
from hub.values import ShopId
from recordings.models import Participant, Recording, Rendition
from recordings.views import RecordingFilter, RecordingPage, RecordingView, RenditionView

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
EVERYWHERE = RecordingFilter()


class RecordingService:
    """What can be asked of recordings."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps

    async def one(self, recording_id: str, reach: RecordingFilter = EVERYWHERE) -> RecordingView:
        """Raises NotFound, also for what the reach leaves out."""
        found = None
        if "\x00" not in recording_id and len(recording_id) <= 26:
            query = select(Recording).where(Recording.id == recording_id, *conditions(reach))
            found = (await self._session.scalars(query)).one_or_none()
        if found is None:
            raise NotFound("recordings.unknown", "There is no such recording.")
        return (await self.views([found]))[0]

    async def many(self, recording_ids: Sequence[str]) -> tuple[RecordingView, ...]:
        """Those that are there, in the order of the ids."""
        rows = (await self._session.scalars(select(Recording).where(Recording.id.in_(recording_ids)))).all()
        found = {view.id: view for view in await self.views(rows)}
        return tuple(found[one] for one in recording_ids if one in found)

    async def of_calls(
        self, call_ids: Collection[str], reach: RecordingFilter = EVERYWHERE
    ) -> dict[str, tuple[RecordingView, ...]]:
        """The recordings of each call, the first first."""
        if not call_ids:
            return {}
        query = select(Recording).where(Recording.call_id.in_(sorted(set(call_ids))), *conditions(reach))
        rows = (await self._session.scalars(query.order_by(Recording.started_at, Recording.id))).all()
        found: dict[str, tuple[RecordingView, ...]] = {}
        for view in await self.views(rows):
            assert view.call_id is not None
            found[view.call_id] = (*found.get(view.call_id, ()), view)
        return found

    async def page(self, where: RecordingFilter, cursor: str | None, limit: int) -> RecordingPage:
        """Older than the cursor, so that recordings that arrive meanwhile shift nothing."""
        wanted = conditions(where)
        if cursor is not None:
            at, last = place_in(cursor)
            same = and_(Recording.started_at == at, Recording.id < last)
            wanted += [Recording.started_at <= at, or_(Recording.started_at < at, same)]
        query = select(Recording).where(*wanted)
        query = query.order_by(Recording.started_at.desc(), Recording.id.desc()).limit(limit + 1)
        rows = (await self._session.scalars(query)).all()
        items = tuple(await self.views(rows[:limit]))
        more = cursor_of(items[-1].started_at, items[-1].id) if len(rows) > limit else None
        return RecordingPage(items=items, next=more)

    async def views(self, rows: Sequence[Recording]) -> list[RecordingView]:
        """Rows with their files, in the rows' order."""
        files = await self._renditions([row.id for row in rows])
        return [replace(view_of(row), renditions=files.get(row.id, {})) for row in rows]

    async def _renditions(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, RenditionView]]:
        if not ids:
            return {}
        query = select(Rendition).where(Rendition.recording_id.in_(ids))
        found: dict[str, dict[str, RenditionView]] = {}
        for row in (await self._session.scalars(query)).all():
            found.setdefault(row.recording_id, {})[row.kind] = rendition_of(row)
        return found


def conditions(where: RecordingFilter) -> list[ColumnElement[bool]]:
    """The filter in SQL; the library's own filters are written beside it."""
    wanted: list[ColumnElement[bool]] = []
    if where.shops is not None:
        wanted.append(Recording.shop_id.in_(sorted(where.shops)))
    if where.phones is not None:
        own = select(Participant.recording_id).where(Participant.who.in_(where.phones))
        wanted.append(Recording.id.in_(own))
    if where.call_id is not None:
        wanted.append(Recording.call_id == where.call_id)
    if where.state is not None:
        wanted.append(Recording.state == where.state)
    if where.since is not None:
        wanted.append(Recording.started_at >= where.since)
    if where.until is not None:
        wanted.append(Recording.started_at < where.until)
    return wanted


def view_of(row: Recording) -> RecordingView:
    """A row without its files."""
    return RecordingView(
        id=row.id, rev=row.rev, shop_id=ShopId(row.shop_id), call_id=row.call_id, state=row.state,
        started_at=row.started_at, offset_seconds=row.offset_seconds, duration_seconds=row.duration_seconds,
        channels=row.channels, channel_map=tuple(row.channel_map), codec=row.codec,
        sample_rate=row.sample_rate, is_repaired=row.is_repaired, is_truncated=row.is_truncated,
        fault=row.fault, sha256=row.sha256, size=row.size, loudness=row.loudness,
        source_name=row.source_name, taken_at=row.taken_at,
    )  # fmt: skip


def rendition_of(row: Rendition) -> RenditionView:
    """A file as others see it."""
    return RenditionView(
        kind=row.kind, path=row.path, content_type=row.content_type, size=row.size, sha256=row.sha256,
        made_at=row.made_at,
    )  # fmt: skip
