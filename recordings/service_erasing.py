"""Which recordings are over, and erasing them; what was erased and why. Never commits."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, delete, exists, literal_column, select

from hub.errors import Conflict, HubError
from hub.events.recordings import RecordingErased
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.ports.storage import Storage
from hub.values import CallId, ShopId
from recordings import erasing
from recordings.models import Recording
from recordings.models_privacy import ErasedRecording, Leaving
from recordings.service_sharing import clean_reason
from recordings.store import store_of
from recordings.views import ErasedView, RecordingView

TURN = "recordings.keeping"
"""Holds and erasures wait for each other."""
_BATCH = 50
_ALIVE = Recording.state != literal_column("'erased'")


class ErasingService:
    """Erases recordings: by age, by request."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._access = AccessApi(uow, deps)

    async def over(self) -> list[str]:
        """Recordings whose days are over, or that only a hold kept, the oldest first: some of them. What
        must be kept is left out."""
        now = self._clock.now()
        days = (await self._access.retention.holds())["recordings.retention_days"].days
        is_old = and_(Recording.started_at < now - timedelta(days=days), ~erasing.is_kept(now))
        free = (_ALIVE, ~erasing.is_held())
        old = select(Recording.id).where(is_old, *free).order_by(Recording.started_at, Recording.id)
        waits = exists().where(ErasedRecording.recording_id == Recording.id, ErasedRecording.at.is_(None))
        asked = select(Recording.id).where(waits, *free)
        found = [*(await self._session.scalars(asked.limit(_BATCH))).all()]
        return found or [*(await self._session.scalars(old.limit(_BATCH))).all()]

    async def erase_over(self) -> int:
        """Some of those that are over go. How many; 0: none is left."""
        await self._uow.take_turn(TURN)
        ids = await self.over()
        query = select(ErasedRecording).where(ErasedRecording.recording_id.in_(ids))
        asked = {row.recording_id: row for row in (await self._session.scalars(query)).all()}
        now = self._clock.now()
        by_age = erasing.Why(rule="retention", at=now)
        for one in ids:
            row = asked.get(one)
            why = by_age if row is None else erasing.Why(
                rule=row.rule, at=now, reason=row.reason, actor=row.actor, name=row.name, second=row.second
            )  # fmt: skip
            await self._erase([one], why)
        return len(ids)

    async def ensure_free(self, recording: RecordingView) -> None:
        """Raises Conflict for what is erased already, or what a legal hold keeps."""
        if recording.state == "erased":
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        query = select(Recording.id).where(Recording.id == recording.id, erasing.is_held())
        if (await self._session.scalars(query)).first() is not None:
            raise Conflict(
                "recordings.held", "A legal hold keeps this recording.", "An owner must lift the hold first."
            )

    async def erase(
        self, recording: RecordingView, reason: str, *, name: str, second: str | None
    ) -> ErasedView:
        """On request, for good. Raises Invalid, Conflict."""
        await self._uow.take_turn(TURN)
        await self.ensure_free(recording)
        why = erasing.Why(
            rule="request", at=self._clock.now(), reason=clean_reason(reason), actor=self._uow.actor,
            name=name, second=second,
        )  # fmt: skip
        await self._erase([recording.id], why)
        await self._deps.jobs.enqueue(self._uow, "recordings.drop_leavings", key="now")
        return (await self.why([recording.id]))[recording.id]

    async def drop(self, recording_ids: Collection[str], why: erasing.Why) -> None:
        """These must not be kept. What a legal hold keeps goes when that is lifted."""
        await self._uow.take_turn(TURN)
        ids = sorted(set(recording_ids))
        query = select(Recording.id).where(Recording.id.in_(ids), _ALIVE, erasing.is_held())
        held = set((await self._session.scalars(query)).all())
        await self._uow.read(lambda connection: erasing.wait(connection, held, why))
        await self._erase([one for one in ids if one not in held], why)
        await self._deps.jobs.enqueue(self._uow, "recordings.drop_leavings", key="now")

    async def tell_of_client(self, since: datetime) -> None:
        """The facts of recordings that were erased with their client since then; twice is once."""
        mine = (ErasedRecording.rule == "client", ErasedRecording.at >= since)
        query = select(Recording).join(ErasedRecording, ErasedRecording.recording_id == Recording.id)
        for row in (await self._session.scalars(query.where(*mine))).all():
            self._tell(row, "client")
        await self._deps.jobs.enqueue(self._uow, "recordings.drop_leavings", key="now")

    async def why(self, recording_ids: Collection[str]) -> dict[str, ErasedView]:
        """What is known of each that is erased."""
        query = select(ErasedRecording).where(ErasedRecording.recording_id.in_(sorted(set(recording_ids))))
        rows = (await self._session.scalars(query)).all()
        return {row.recording_id: _view(row, row.at) for row in rows if row.at is not None}

    async def leavings(self) -> Sequence[str]:
        """Files of the store that are to be removed: some of them."""
        return (await self._session.scalars(select(Leaving.key).order_by(Leaving.key).limit(200))).all()

    async def left(self, keys: Collection[str]) -> None:
        """They are removed."""
        await self._session.execute(delete(Leaving).where(Leaving.key.in_(sorted(keys))))

    async def leave(self, key: str) -> None:
        """This file was made for something that is erased meanwhile."""
        await self._uow.read(lambda connection: erasing.leave(connection, [key]))

    async def _erase(self, ids: Sequence[str], why: erasing.Why) -> None:
        await self._session.flush()
        files = await self._uow.read(lambda connection: erasing.files_of(connection, ids))
        erased = await self._uow.read(lambda connection: erasing.erase(connection, ids, why))
        if files:
            # Whoever listens at this moment hears nothing more; the job sees that they are gone.
            self._uow.after_commit(partial(remove_soon, store_of(self._deps), files))
        query = select(Recording).where(Recording.id.in_(erased)).execution_options(populate_existing=True)
        for row in (await self._session.scalars(query)).all():
            self._tell(row, why.rule)
            self._access.audit.add(
                "recordings.erased", "done", subject=row.id,
                details={"rule": why.rule, "reason": why.reason, "second": why.second or ""},
            )  # fmt: skip

    def _tell(self, row: Recording, rule: str) -> None:
        call_id = CallId(row.call_id) if row.call_id is not None else None
        fact = RecordingErased(recording_id=row.id, call_id=call_id, reason=rule)
        self._uow.publish(fact, external_id=f"{row.id}:erased")
        self._uow.hint("recording", row.id, row.rev, shop_id=ShopId(row.shop_id))


def remove_soon(store: Storage, keys: Collection[str]) -> None:
    """Beside the loop, without waiting for it."""
    asyncio.get_running_loop().run_in_executor(None, _remove, store, keys)


def _remove(store: Storage, keys: Collection[str]) -> None:
    for key in keys:
        with suppress(HubError):
            store.delete(key)


def _view(row: ErasedRecording, at: datetime) -> ErasedView:
    return ErasedView(
        recording_id=row.recording_id, at=at, rule=row.rule, reason=row.reason, actor=row.actor,
        name=row.name, second=row.second,
    )  # fmt: skip
