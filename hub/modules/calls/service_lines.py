"""Our lines: the numbers that the world dials. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from hub.errors import Conflict, Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.orm import new_id
from hub.modules.calls.models import Line
from hub.modules.calls.rules import line_number
from hub.modules.calls.views import LineView
from hub.values import ShopId


class LineService:
    """Names lines and finds them by number."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._clock = deps.clock
        self._country = deps.settings.shop.country

    async def all(self) -> tuple[LineView, ...]:
        rows = (await self._session.scalars(select(Line).order_by(Line.name, Line.number))).all()
        return tuple(_view(row) for row in rows)

    async def by_number(self, numbers: Collection[str | None]) -> dict[str, LineView]:
        wanted = sorted({number for number in numbers if number})
        if not wanted:
            return {}
        rows = (await self._session.scalars(select(Line).where(Line.number.in_(wanted)))).all()
        return {row.number: _view(row) for row in rows}

    async def save(self, number: str, name: str, source: str, shop_id: ShopId, rev: int | None) -> LineView:
        """New when nobody has seen it (rev None), else in the revision that the person saw."""
        values = {"name": name.strip(), "source": source.strip()}
        kept = line_number(number, self._country)
        texts = {"number": kept, "name": name, "source": source}
        fields = {field: "This is too long." for field, text in texts.items() if len(text) > 64}
        if not kept or "\x00" in number + name + source:
            fields["number"] = "Enter the number that the world dials."
        if not values["name"]:
            fields["name"] = "Enter a name."
        if fields:
            raise Invalid("calls.line", "Some fields need another look.", fields=fields)
        if rev is None:
            await self._add(kept, values, shop_id)
        else:
            await self._change(kept, values, shop_id, rev)
        return (await self.by_number([kept]))[kept]

    async def _add(self, number: str, values: dict[str, str], shop_id: ShopId) -> None:
        if await self.by_number([number]):
            raise Conflict("calls.line_known", "This line has a name already.", "Change it in the list.")
        self._session.add(Line(id=new_id(self._clock), rev=1, number=number, shop_id=shop_id, **values))
        await self._session.flush()

    async def _change(self, number: str, values: dict[str, str], shop_id: ShopId, rev: int) -> None:
        query = update(Line).where(Line.number == number, Line.rev == rev)
        query = query.values({**values, "shop_id": shop_id, "rev": rev + 1}).returning(Line.id)
        if (await self._session.execute(query)).first() is None:
            raise Conflict("calls.line_changed", "Somebody else has changed this line meanwhile.")
        self._session.expire_all()


def _view(row: Line) -> LineView:
    return LineView(
        id=row.id, rev=row.rev, number=row.number, name=row.name, source=row.source,
        shop_id=ShopId(row.shop_id),
    )  # fmt: skip
