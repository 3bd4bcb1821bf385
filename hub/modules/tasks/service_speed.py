"""How fast missed callers were called back, and whom somebody has reached in the end. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.api import Stretch
from hub.modules.tasks.models import Miss, Task, Try
from hub.modules.tasks.rules_time import working_seconds
from hub.modules.tasks.service_book import TaskBook
from hub.modules.tasks.views import CallbackView

MOST = 5000
_LOST = ("missed", "voicemail")
_REACHED = ("answered", "reached", "wrote")


class SpeedService:
    """Reads tasks of a time that is over."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._book = TaskBook(uow, deps)

    async def callbacks(
        self, stretches: Sequence[Stretch], lines: Collection[str] | None = None
    ) -> tuple[CallbackView, ...] | None:
        """One for each call-back task that somebody was missed for in this time, by the first such miss; of
        some lines only, where `lines` says which. None of more than MOST: a person waits for it."""
        within = self._within(stretches)
        if lines is not None:
            within.append(Miss.line.in_(sorted(lines)))
        query = select(Miss.task_id, Miss.call_id, Miss.shop_id, Miss.started_at)
        ordered = query.where(*within).order_by(Miss.started_at).limit(MOST + 1)
        misses = (await self._session.execute(ordered)).all()
        if len(misses) > MOST:
            return None
        first = {row.task_id: row for row in reversed(misses)}
        of_tasks = select(Miss.task_id).where(*within)
        tried: dict[str, list[tuple[datetime, bool]]] = {}
        tries = select(Try.task_id, Try.at, Try.outcome).where(Try.task_id.in_(of_tasks)).order_by(Try.at)
        for row in (await self._session.execute(tries)).all():
            tried.setdefault(row.task_id, []).append((row.at, row.outcome == "reached"))
        closed = select(Task.id, Task.closed_at).where(Task.id.in_(of_tasks), Task.reason.in_(_REACHED))
        ended = {row.id: row.closed_at for row in (await self._session.execute(closed)).all()}
        return tuple(
            [
                await self._view(miss, tried.get(task_id, []), ended.get(task_id))
                for task_id, miss in first.items()
                if task_id is not None
            ]
        )

    async def settled(self, stretches: Sequence[Stretch]) -> frozenset[str]:
        """The missed calls of this time that were made good: by a call, a word, or somebody's hand."""
        query = select(Miss.call_id).outerjoin(Task, Task.id == Miss.task_id)
        done = or_(Miss.settled_by.is_not(None), Task.state == "done", Task.reason == "not_client")
        rows = await self._session.scalars(query.where(*self._within(stretches)[:-1], done))
        return frozenset(rows.all())

    async def _view(
        self, miss: Any, tries: list[tuple[datetime, bool]], closed_at: datetime | None
    ) -> CallbackView:
        call_id, shop_id, missed_at = miss.call_id, miss.shop_id, miss.started_at
        after = [(at, is_reached) for at, is_reached in tries if at > missed_at]
        first = after[0][0] if after else closed_at
        reached = next((at for at, is_reached in after if is_reached), closed_at)
        calendar = await self._book.calendar(shop_id)
        return CallbackView(
            call_id=call_id, missed_at=missed_at, first_try_at=first, reached_at=reached,
            to_first_try=working_seconds(calendar, missed_at, first) if first else None,
            to_reached=working_seconds(calendar, missed_at, reached) if reached else None,
        )  # fmt: skip

    def _within(self, stretches: Sequence[Stretch]) -> list[ColumnElement[bool]]:
        times = or_(*(and_(*_time(one)) for one in stretches))
        return [Miss.kind.in_(_LOST), times, Miss.task_id.is_not(None)]


def _time(one: Stretch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [true()]
    if one.shops is not None:
        found.append(Miss.shop_id.in_(sorted(one.shops)))
    if one.since is not None:
        found.append(Miss.started_at >= one.since)
    return [*found, Miss.started_at < one.until] if one.until is not None else found
