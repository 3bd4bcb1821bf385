"""Filters of the library that people keep under a name. Never commits."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from hub.errors import Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from recordings.models_library import SavedView
from recordings.views_library import SavedViewView

LONGEST_NAME = 80
LONGEST_QUERY = 2000
MOST_VIEWS = 50


class SavedViewService:
    """A person's views, and those that a shop shares."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._owner = uow.actor or ""

    async def all(self) -> tuple[SavedViewView, ...]:
        """One's own and the shop's shared ones, by name."""
        shared = SavedView.is_shared & (SavedView.shop_id == self._uow.shop_id)
        query = select(SavedView).where(or_(SavedView.owner_id == self._owner, shared))
        rows = (await self._session.scalars(query.order_by(SavedView.name, SavedView.id))).all()
        return tuple(self._view(row) for row in rows)

    async def keep(self, name: str, query: str, *, is_shared: bool) -> SavedViewView:
        """A new one; of the same name one's own is replaced. Raises Invalid."""
        clean = " ".join(name.replace("\x00", "").split())
        if not clean or len(clean) > LONGEST_NAME or len(query) > LONGEST_QUERY:
            raise Invalid(
                "recordings.view_name", "The view needs a name.", "Write a short one.",
                fields={"name": "Write a short name."},
            )  # fmt: skip
        mine = SavedView.owner_id == self._owner
        row = (await self._session.scalars(select(SavedView).where(mine, SavedView.name == clean))).first()
        if row is None:
            if (await self._session.scalar(select(func.count()).where(mine)) or 0) >= MOST_VIEWS:
                raise Invalid("recordings.many_views", "There are too many views.", "Take some away first.")
            row = SavedView(
                id=new_id(self._clock), rev=0, owner_id=self._owner, shop_id=self._uow.shop_id, name=clean,
                created_at=self._clock.now(),
            )  # fmt: skip
            self._session.add(row)
        row.query, row.is_shared, row.rev = query, is_shared, row.rev + 1
        await self._session.flush()
        return self._view(row)

    async def drop(self, view_id: str) -> None:
        """One's own. Raises NotFound."""
        row = await self._session.get(SavedView, view_id) if "\x00" not in view_id else None
        if row is None or row.owner_id != self._owner:
            raise NotFound("recordings.view_unknown", "There is no such view.")
        await self._session.delete(row)

    def _view(self, row: SavedView) -> SavedViewView:
        return SavedViewView(
            id=row.id, rev=row.rev, name=row.name, query=row.query, is_shared=row.is_shared,
            is_mine=row.owner_id == self._owner,
        )  # fmt: skip
