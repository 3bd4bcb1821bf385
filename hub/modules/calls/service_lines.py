"""Our lines: the numbers that the world dials. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.models import Line
from hub.modules.calls.rules import line_number
from hub.modules.calls.rules_lines import line_faults
from hub.modules.calls.statements import LINES
from hub.modules.calls.views import LineEntry, LineView
from hub.values import PhoneNumber, ShopId

_NAMING = ("name", "source", "shop_id")


def shop_of_line(connection: Connection, number: str) -> ShopId | None:
    """Whose line it is; None: none of ours. For the hot path."""
    return next((ShopId(row.shop_id) for row in LINES.all(connection, [number])), None)


class LineService:
    """Names lines and finds them by number."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._places = deps.places

    async def all(self) -> tuple[LineView, ...]:
        rows = (await self._uow.session.scalars(select(Line).order_by(Line.name, Line.number))).all()
        return tuple(_view(row) for row in rows)

    async def by_number(self, numbers: Collection[str | None]) -> dict[str, LineView]:
        wanted = sorted({number for number in numbers if number})
        if not wanted:
            return {}
        rows = (await self._uow.session.scalars(select(Line).where(Line.number.in_(wanted)))).all()
        return {row.number: _view(row) for row in rows}

    async def one(self, line_id: str, shops: Collection[ShopId] | None = None) -> LineView:
        """Raises NotFound, also for a line of a shop that is not among `shops` (None: every shop)."""
        line = _view(await self._row(line_id))
        if shops is not None and line.shop_id not in shops:
            raise NotFound("calls.line_unknown", "There is no such line.")
        return line

    async def save(self, entry: LineEntry, rev: int | None) -> LineView:
        """New when nobody has seen it (rev None); else name, source and shop of the line with this number,
        in the revision that the person saw. Raises Invalid, Conflict."""
        values = self._checked(entry)
        number = values.pop("number")
        if rev is None:
            await self._add(number, values)
        else:
            await self._change(number, values, rev)
        return (await self.by_number([number]))[number]

    async def change(self, line_id: str, entry: LineEntry, rev: int | None) -> LineView:
        """Put `entry` in place of what is there, the number included. Raises NotFound, Invalid, Conflict."""
        row, values = await self._row(line_id), self._checked(entry)
        if rev is not None and rev != row.rev:
            raise Conflict("calls.line_changed", "Somebody else has changed this line meanwhile.")
        other = (await self.by_number([values["number"]])).get(values["number"])
        if other is not None and other.id != line_id:
            raise Conflict("calls.line_known", "This line has a name already.", "Change it in the list.")
        for name, value in values.items():
            setattr(row, name, value)
        row.rev += 1
        await self._uow.session.flush()
        return _view(row)

    async def remove(self, line_id: str) -> None:
        """The number has no name any more; its calls stay. Raises NotFound."""
        await self._uow.session.delete(await self._row(line_id))
        await self._uow.session.flush()

    def _checked(self, entry: LineEntry) -> dict[str, Any]:
        values = {
            name: text.strip() if isinstance(text, str) else text for name, text in asdict(entry).items()
        }
        country = self._places.of(entry.shop_id).country
        values["number"] = line_number(entry.number, country)
        fields = line_faults(values)
        callback = values["callback_number"]
        if callback and "callback_number" not in fields:
            parsed = PhoneNumber.parse(callback, country)
            if parsed is None:
                fields["callback_number"] = "This is not a telephone number."
            values["callback_number"] = str(parsed or callback)
        if fields:
            raise Invalid("calls.line", "Some fields need another look.", fields=fields)
        return values

    async def _row(self, line_id: str) -> Line:
        row = (
            await self._uow.session.get(Line, line_id)
            if len(line_id) <= 26 and "\x00" not in line_id
            else None
        )
        if row is None:
            raise NotFound("calls.line_unknown", "There is no such line.")
        return row

    async def _add(self, number: str, values: dict[str, Any]) -> None:
        if await self.by_number([number]):
            raise Conflict("calls.line_known", "This line has a name already.", "Change it in the list.")
        self._uow.session.add(Line(id=new_id(self._clock), rev=1, number=number, **values))
        await self._uow.session.flush()

    async def _change(self, number: str, values: dict[str, Any], rev: int) -> None:
        query = update(Line).where(Line.number == number, Line.rev == rev)
        query = query.values({**{name: values[name] for name in _NAMING}, "rev": rev + 1}).returning(Line.id)
        if (await self._uow.session.execute(query)).first() is None:
            raise Conflict("calls.line_changed", "Somebody else has changed this line meanwhile.")
        self._uow.session.expire_all()


def _view(row: Line) -> LineView:
    return LineView(
        id=row.id, rev=row.rev, number=row.number, name=row.name, source=row.source,
        shop_id=ShopId(row.shop_id), capacity=row.capacity, trunk=row.trunk,
        callback_number=row.callback_number,
    )  # fmt: skip
