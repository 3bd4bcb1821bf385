"""The library: a list that stays right while recordings arrive, totals by the same conditions. Every filter
that finds few among a million looks those few up by its own index first. Never commits."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    any_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import cursor_of, place_in
from hub.kernel.list_filters import Narrowing, condition_of
from hub.modules.calls.api import CallFilter, CallsApi
from hub.modules.crm.api import number_key
from hub.values import ShopId
from recordings.models import Participant
from recordings.models_basis import CallBasis
from recordings.models_library import IS_RARE_DIRECTION, IS_RARE_RESULT, Shelf, Writing
from recordings.rules_basis import Notice
from recordings.rules_library import around, says, words_of
from recordings.service_words import WordIndex
from recordings.views_library import LibraryFilter, LibraryPage, LibraryRow, LibraryTotals

Condition = ColumnElement[bool]

MOST_COUNTED = 10_000
MOST_LOOSELY = 1_000
"""How many are counted where the newest that fit are found by looking at each recording."""
_FEW = 500
_NEWEST = (Shelf.started_at.desc(), Shelf.recording_id.desc())
_CALL_ID: ColumnElement[str] = type_coerce(Shelf.call_id, String)


@dataclass(slots=True)
class _Wanted:
    """What a filter means. `is_loose`: no index answers it, the newest that fit are found by looking at each;
    `is_cut`: of very many hits only the newest."""

    conditions: list[Condition] = field(default_factory=list)
    is_loose: bool = False
    is_cut: bool = False


class LibraryService:
    """Finds recordings."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow, self._deps = uow, deps
        self._session = uow.session
        self._calls = CallsApi(uow, deps)
        self._country = deps.places.of(uow.shop_id).country
        self._known: dict[LibraryFilter, _Wanted] = {}
        self._built = _Wanted()
        self._index = WordIndex(uow)
        self._is_sqlite = uow.session.get_bind().dialect.name == "sqlite"

    async def page(self, where: LibraryFilter, *, cursor: str | None, limit: int) -> LibraryPage:
        """Older than the cursor. Raises Invalid for a cursor that is not ours."""
        wanted = await self._wanted(where)
        conditions = list(wanted.conditions)
        if cursor is not None:
            at, last = place_in(cursor)
            same = and_(Shelf.started_at == at, Shelf.recording_id < last)
            conditions += [Shelf.started_at <= at, or_(Shelf.started_at < at, same)]
        query = select(Shelf).where(*conditions).order_by(*_NEWEST).limit(limit + 1)
        rows = (await self._session.scalars(query)).all()
        items = tuple(_row(row) for row in rows[:limit])
        more = cursor_of(items[-1].started_at, items[-1].id) if len(rows) > limit else None
        return LibraryPage(items=items, next=more)

    async def totals(self, where: LibraryFilter, *, most: int | None = MOST_COUNTED) -> LibraryTotals:
        """The same conditions as the list, over the newest `most` of them at most (None: all)."""
        wanted = await self._wanted(where)
        chosen = select(Shelf.seconds, Shelf.percent).where(*wanted.conditions)
        if most is not None:
            most = min(most, MOST_LOOSELY) if wanted.is_loose else most
            chosen = chosen.order_by(*_NEWEST).limit(most)
        found = chosen.subquery().c
        total = func.coalesce(func.sum(found.seconds), 0.0)
        query = select(func.count(), total, func.count(found.percent), func.avg(found.percent))
        row = (await self._session.execute(query)).one()
        return LibraryTotals(
            count=row[0], seconds=round(float(row[1]), 1), reviewed=row[2],
            percent=None if row[3] is None else round(float(row[3])),
            is_part=wanted.is_cut or (most is not None and row[0] >= most),
        )  # fmt: skip

    async def by_ids(self, recording_ids: Collection[str]) -> dict[str, LibraryRow]:
        """Those that are there."""
        query = select(Shelf).where(Shelf.recording_id.in_(sorted(set(recording_ids))))
        return {row.recording_id: _row(row) for row in (await self._session.scalars(query)).all()}

    async def excerpts(self, recording_ids: Collection[str], words: str) -> dict[str, str]:
        """What is written to each of them and holds the words: the newest one."""
        wanted = words_of(words)
        if not wanted or not recording_ids:
            return {}
        query = select(Writing.recording_id, Writing.text).where(
            Writing.recording_id.in_(sorted(set(recording_ids)))
        )
        rows = await self._session.execute(query.order_by(Writing.id))
        return {row.recording_id: around(row.text, wanted) for row in rows if says(row.text, wanted)}

    async def _wanted(self, where: LibraryFilter) -> _Wanted:
        """Built once for a list and its totals."""
        if where not in self._known:
            self._known[where] = self._built = _Wanted()
            self._built.conditions += await self._conditions(where)
        return self._known[where]

    async def _conditions(self, where: LibraryFilter) -> list[Condition]:
        found = self._plain(where)
        if where.notice is not None:
            found.append(await self._noticed(where.notice))
        for who in (where.phones, where.person):
            if who is not None:
                found.append(await self._heard(who))
        for wish in await self._calls_wanted(where):
            found.append(await self._narrow(Shelf.call_id.in_(wish)))
        for name, value in where.more:
            asked = Narrowing(row_id=_CALL_ID, value=value, since=where.since)
            found.append(await condition_of(self._uow, self._deps, "calls", name, asked))
        for words, kinds in ((where.mark, ("mark",)), (where.text, ())):
            if words.strip():
                found.append(await self._written(words, kinds))
        if where.min_seconds is not None:
            found.append(await self._narrow(Shelf.seconds >= where.min_seconds))
        if where.max_seconds is not None:
            found.append(await self._narrow(Shelf.seconds <= where.max_seconds))
        if _is_scored(where):
            low, high = where.min_percent or 0, 100 if where.max_percent is None else where.max_percent
            # Those that are reviewed have an index of their own, in the order of the list.
            found.append(and_(Shelf.percent.is_not(None), Shelf.percent >= low, Shelf.percent <= high))
        return found

    def _plain(self, where: LibraryFilter) -> list[Condition]:
        line = number_key(where.line, self._country) or where.line if where.line else None
        exact = {
            Shelf.direction: where.direction, Shelf.result: where.result, Shelf.line: line,
            Shelf.queue: where.queue, Shelf.call_id: where.call_id,
        }  # fmt: skip
        found: list[Condition] = [column == value for column, value in exact.items() if value is not None]
        if not _is_scored(where):  # of those that are reviewed the rare ones are soon seen
            if where.result not in (None, "answered"):
                found.append(IS_RARE_RESULT)
            if where.direction not in (None, "inbound"):
                found.append(IS_RARE_DIRECTION)
        if where.shops is not None:
            found.append(Shelf.shop_id.in_(sorted(where.shops)))
        if where.since is not None:
            found.append(Shelf.started_at >= where.since)
        if where.until is not None:
            found.append(Shelf.started_at < where.until)
        if where.is_reviewed is False:
            found.append(Shelf.percent.is_(None))
        return found

    async def _calls_wanted(self, where: LibraryFilter) -> list[Select[str]]:
        """Whose it was is asked of calls: nothing of it is copied."""
        found = []
        if where.client_id is not None:
            found.append(await self._calls.ids(CallFilter(client_id=where.client_id)))
        if where.vehicle_id is not None:
            found.append(await self._calls.ids(CallFilter(vehicle_id=where.vehicle_id)))
        if where.number is not None:
            found.append(await self._calls.ids(CallFilter(number=where.number)))
        return found

    async def _narrow(self, condition: Condition) -> Condition:
        """Of what few recordings have, those few; else the newest are soon found by looking at each."""
        mine = select(Shelf.recording_id).where(condition)
        known = (await self._session.scalars(mine.limit(_FEW + 1))).all()
        if len(known) <= _FEW:
            return Shelf.recording_id.in_(known) if known else false()
        self._built.is_loose = True
        return condition

    async def _noticed(self, notice: Notice) -> Condition:
        """What the other side was told. What few calls have is looked up, what most have is soon found."""
        if notice == "none":
            return ~exists().where(CallBasis.call_id == Shelf.call_id, CallBasis.notice != "none")
        few = select(CallBasis.call_id).where(CallBasis.notice == notice).limit(_FEW + 1)
        known = (await self._session.scalars(few)).all()
        if len(known) <= _FEW:
            return Shelf.call_id.in_(known) if known else false()
        self._built.is_loose = True
        return exists().where(CallBasis.call_id == Shelf.call_id, CallBasis.notice == notice)

    async def _heard(self, who: tuple[str, ...]) -> Condition:
        mine = Participant.who.in_(who)
        few = select(Participant.recording_id).where(mine).limit(_FEW + 1)
        known = (await self._session.scalars(few)).all()
        if len(known) <= _FEW:
            return Shelf.recording_id.in_(known) if known else false()
        self._built.is_loose = True
        return exists().where(Participant.recording_id == Shelf.recording_id, mine)

    async def _written(self, words: str, kinds: tuple[str, ...]) -> Condition:
        wanted = words_of(words)
        if not wanted:
            return false()
        found, is_cut = await self._index.hits(wanted, kinds)
        self._built.is_cut = self._built.is_cut or is_cut
        known = sorted(set(found))
        return self._is_one_of(known) if known else false()

    def _is_one_of(self, ids: list[str]) -> Condition:
        """Thousands of them as one value: as many values would take longer to write down than to look up."""
        if self._is_sqlite:
            each = func.json_each(json.dumps(ids)).table_valued("value")
            return Shelf.recording_id.in_(select(each.c.value))
        return Shelf.recording_id == any_(literal(ids, ARRAY(Text)))


def _is_scored(where: LibraryFilter) -> bool:
    """Whether only reviewed recordings fit."""
    return where.min_percent is not None or where.max_percent is not None or where.is_reviewed is True


def _row(row: Shelf) -> LibraryRow:
    return LibraryRow(
        id=row.recording_id, call_id=row.call_id, shop_id=ShopId(row.shop_id), started_at=row.started_at,
        seconds=row.seconds, percent=row.percent,
    )  # fmt: skip
