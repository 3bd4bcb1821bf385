"""Calls on private mobiles, logged by hand in one line. Never commits."""

from __future__ import annotations

from sqlalchemy import or_, select

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.api import CrmApi, number_key
from hub.modules.tasks.models import MobileCall
from hub.modules.tasks.rules import LONGEST_LINE, read_line
from hub.modules.tasks.service import TaskService
from hub.modules.tasks.service_book import TaskBook
from hub.modules.tasks.views import Holder, MobileCallView, Shops
from hub.values import ShopId, normalise_number


class MobileCallService:
    """Writes them down; one that reached the client ends the call-back, another one is a try."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._country = deps.places.of(uow.shop_id).country
        self._book = TaskBook(uow, deps)
        self._tasks = TaskService(uow, deps)

    async def log(self, line: str, holder: Holder, shop_id: ShopId) -> MobileCallView:
        """Raises Invalid when there is no number in the line."""
        line = line.replace("\x00", "").strip()
        entry = read_line(line) if len(line) <= LONGEST_LINE else None
        key = number_key(entry.number, self._country) if entry is not None else None
        if entry is None or key is None:
            raise Invalid(
                "tasks.no_number", "There is no telephone number in this line.",
                "Write it like: 050 123 45 67 comes on Friday.", fields={"line": "The number is missing."},
            )  # fmt: skip
        await self._book.take_turn()
        match = await CrmApi(self._uow, self._deps).caller(entry.number)
        row = MobileCall(
            id=new_id(self._deps.clock), rev=1, shop_id=shop_id, at=self._deps.clock.now(),
            number=normalise_number(entry.number, self._country) or entry.number, number_key=key,
            client_id=match.client_id, is_reached=entry.is_reached, text=entry.text,
            author_id=self._uow.actor, author_name=holder.name,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        for task in await self._book.open_about(match.client_id, key):
            if entry.is_reached:
                await self._tasks.answer(task.id, holder, True, None)
            else:
                await self._tasks.tried(task.id, holder, entry.text, None)
        self._book.hint_misses(shop_id, row.id)
        return _view(row)

    async def page(self, shops: Shops, *, cursor: str | None, limit: int) -> list[MobileCallView]:
        """Newest first, older than the cursor."""
        query = select(MobileCall).order_by(MobileCall.id.desc()).limit(limit)
        if shops is not None:
            query = query.where(MobileCall.shop_id.in_(sorted(shops)))
        if cursor is not None:
            query = query.where(MobileCall.id < cursor)
        return [_view(row) for row in (await self._session.scalars(query)).all()]

    async def last(self, client_id: str | None, number: str | None, limit: int) -> list[MobileCallView]:
        """The last ones with a client or a number, newest first."""
        key = number_key(number, self._country) if number is not None else None
        about = [MobileCall.client_id == client_id] if client_id is not None else []
        about += [MobileCall.number_key == key] if key is not None else []
        if not about:
            return []
        query = select(MobileCall).where(or_(*about)).order_by(MobileCall.at.desc()).limit(limit)
        return [_view(row) for row in (await self._session.scalars(query)).all()]


def _view(row: MobileCall) -> MobileCallView:
    return MobileCallView(
        id=row.id, rev=row.rev, at=row.at, number=row.number, client_id=row.client_id,
        is_reached=row.is_reached, text=row.text, author_id=row.author_id, author_name=row.author_name,
    )  # fmt: skip
