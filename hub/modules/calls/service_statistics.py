"""Adds calls up. Days that are over are read from their tallies where those say the same; everything else is
counted from the calls themselves. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from hub.events.calls import Direction
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.filters import CALLER, CallFilters, day, hour, weekday
from hub.modules.calls.models import IS_RARE_DIRECTION, IS_RARE_RESULT, Call, CountedDay, Person, Tally
from hub.modules.calls.rules_statistics import Outcome, day_of, midnight
from hub.modules.calls.views import CallCount, CallFilter, Facet, LostCall
from hub.values import ShopId

FACETS: tuple[Facet, ...] = get_args(Facet)
_TOGETHER: tuple[tuple[Facet, ...], ...] = (
    ("day", "slot"), ("line", "queue", "answered_by", "caller", "reason"),
)  # fmt: skip
"""Facets that are grouped by at once, for each grouping sorts all the calls: many combinations are still
few beside the calls."""
_PHONES: tuple[Facet, ...] = ("phones",)
_WIDEST = max(map(len, _TOGETHER))
_PLAIN = CallFilter()
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_MEASURES = ("count", "talk_seconds", "wait_seconds")
_WEEKDAY = (Tally.day + 3) % 7
_STORED: Mapping[Facet, str] = {"day": "all", "slot": "hour"}
"""What a facet is added up from in the tallies, whose rows have a day each."""


class StatisticsService:
    """Counts the calls of a filter by facets."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._filters = CallFilters(uow, deps)

    async def count(self, where: CallFilter, facets: Collection[Facet]) -> tuple[CallCount, ...]:
        """One row for each combination that there is; rows of the same combination may come twice (from the
        tallies and from the calls): add them up."""
        found: list[CallCount] = []
        for part in await self._parts(where, found, facets):
            found += await self.count_calls(part, facets)
        return tuple(found)

    async def count_calls(self, where: CallFilter, facets: Collection[Facet]) -> tuple[CallCount, ...]:
        """The same from the calls themselves."""
        conditions = [*await self._filters.conditions(where), Call.direction != "internal"]
        local = await self._filters.local_seconds(where) if {"day", "slot"} & set(facets) else literal(0)
        chosen = select(
            self._kind(), Call.talk_seconds,
            func.coalesce(Call.wait_seconds, 0.0).label("wait_seconds"), day(local).label("day"),
            (weekday(local) * 24 + hour(local)).label("slot"), Call.line, Call.queue, Call.answered_by,
            CALLER.label("caller"), Call.missed_reason.label("reason"),
        ).where(*conditions)  # fmt: skip
        calls = chosen.cte("counted").prefix_with("MATERIALIZED")
        groups = [group for group in _TOGETHER if set(group) & set(facets)] or [_TOGETHER[0]]
        rows = (
            await self._uow.session.execute(union_all(*(_by(calls, one, facets) for one in groups)))
        ).all()
        found = _folded(rows, groups, facets)
        return (*found, *(await self._by_phones(conditions) if "phones" in facets else ()))

    def _kind(self) -> ColumnElement[int]:
        """Direction, hours and outcome as one small number, which is sorted fast."""
        numbers = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
        outcome = case(numbers, value=self._filters.outcome(), else_=numbers["unknown"])
        direction = case({one: number for number, one in enumerate(_DIRECTIONS)}, value=Call.direction)
        in_hours = case((Call.in_hours, 1), else_=0)
        return ((direction * 2 + in_hours) * len(_OUTCOMES) + outcome).label("kind")

    async def _by_phones(self, conditions: Sequence[ColumnElement[bool]]) -> list[CallCount]:
        """Outbound calls, and inbound ones that nobody answered, by all who took part: few among many."""
        joined = func.group_concat if self._is_sqlite else func.string_agg
        who = select(joined(Person.who, ",")).where(Person.call_id == Call.id).scalar_subquery()
        columns = (
            self._kind(), Call.talk_seconds, func.coalesce(Call.wait_seconds, 0.0).label("wait_seconds"),
            who.label("phones"),
        )  # fmt: skip
        lost = and_(Call.direction == "inbound", IS_RARE_RESULT)
        chosen = select(*columns).where(*conditions, or_(IS_RARE_DIRECTION, lost))
        calls = chosen.cte("seldom").prefix_with("MATERIALIZED")
        rows = (await self._uow.session.execute(_by(calls, _PHONES, _PHONES))).all()
        return _folded(rows, [_PHONES], _PHONES)

    @property
    def _is_sqlite(self) -> bool:
        return self._uow.session.get_bind().dialect.name == "sqlite"

    async def lost(self, where: CallFilter) -> tuple[LostCall, ...]:
        """Of every client (while unknown: number) who was lost in the time of the filter and to whom nobody
        has talked since, the last such call, newest first. Who is no client does not count."""
        later, seconds = aliased(Call), self._deps.settings.tasks.reached_seconds
        talked = and_(later.result == "answered", later.talk_seconds >= seconds)
        again: ColumnElement[bool] = later.result.in_(("missed", "voicemail"))
        if where.until is not None:
            again = and_(again, later.started_at < where.until)
        after = or_(
            later.started_at > Call.started_at,
            and_(later.started_at == Call.started_at, later.id > Call.id),
        )
        since = [after, or_(talked, and_(later.direction == "inbound", again))]
        query = select(
            Call.id, Call.shop_id, Call.client_id, Call.other_number, Call.line, Call.missed_reason,
            Call.started_at,
        ).where(
            *await self._filters.conditions(replace(where, direction="inbound", outcome="lost")),
            Call.other_key.is_not(None), or_(Call.relation.is_(None), Call.relation == "client"),
            ~exists().where(later.other_key == Call.other_key, *since),
            or_(
                Call.client_id.is_(None),
                not_(exists().where(later.client_id == Call.client_id, *since)),
            ),
        )  # fmt: skip
        rows = (await self._uow.session.execute(query.order_by(Call.started_at.desc(), Call.id.desc()))).all()
        return tuple(
            LostCall(
                call_id=row.id, shop_id=ShopId(row.shop_id), client_id=row.client_id, line=row.line,
                number=row.other_number, missed_reason=row.missed_reason, started_at=row.started_at,
            )
            for row in rows
        )  # fmt: skip

    async def _parts(
        self, where: CallFilter, found: list[CallCount], facets: Collection[Facet]
    ) -> Iterable[CallFilter]:
        """What is left to count when the tallies of whole days have been read into `found`."""
        plain = replace(where, shops=None, since=None, until=None, in_hours=None, direction=None)
        if plain != _PLAIN or where.since is None or where.until is None:
            return [where]
        shops = [one.id for one in await AccessApi(self._uow, self._deps).list_shops()]
        mine = [shop for shop in shops if where.shops is None or shop in where.shops]
        zone = self._deps.places.of(self._uow.shop_id).zone
        days = await self._counted(mine, zone, where.since, where.until)
        if not days:
            return [where]
        found += await self._from_tallies(where, mine, days, facets)
        return [replace(where, since=begin, until=end) for begin, end in _rest(days, zone, where)]

    async def _counted(
        self, shops: Sequence[ShopId], zone: ZoneInfo, since: datetime, until: datetime
    ) -> list[int]:
        """The days, by the clock of whoever asks, that are counted in each of the shops."""
        query = select(CountedDay.day).where(
            CountedDay.shop_id.in_(shops), CountedDay.basis == basis(zone, self._deps),
            CountedDay.begins_at >= since, CountedDay.ends_at <= until,
        )  # fmt: skip
        query = query.group_by(CountedDay.day).having(func.count() == len(shops)).order_by(CountedDay.day)
        return list((await self._uow.session.scalars(query)).all())

    async def _from_tallies(
        self, where: CallFilter, shops: Sequence[ShopId], days: Sequence[int], facets: Collection[Facet]
    ) -> list[CallCount]:
        conditions: list[ColumnElement[bool]] = [
            Tally.shop_id.in_(shops),
            Tally.day.between(days[0], days[-1]),
        ]
        if days[-1] - days[0] + 1 != len(days):
            conditions.append(Tally.day.in_(days))
        if where.in_hours is not None:
            conditions.append(Tally.in_hours == where.in_hours)
        if where.direction is not None:
            conditions.append(Tally.direction == where.direction)
        sums = [func.sum(getattr(Tally, name)) for name in _MEASURES]
        keys = [Tally.direction, Tally.in_hours, Tally.outcome]
        rows: list[Any] = []
        for facet in facets:
            value = _stored_value(facet)
            query = select(literal(facet), value, *keys, *sums).where(
                Tally.facet == _STORED.get(facet, facet), *conditions
            )
            rows += (await self._uow.session.execute(query.group_by(value, *keys))).all()
        return [_count(*row) for row in rows]


def _stored_value(facet: Facet) -> ColumnElement[Any]:
    if facet == "day":
        return Tally.day.expression
    if facet == "slot":
        return _WEEKDAY * 24 + sql_cast(Tally.value, Tally.day.type)
    return Tally.value.expression


def basis(zone: ZoneInfo, deps: Deps) -> str:
    """By which clock and rule a day is counted: another one, and its tallies say nothing."""
    return f"{zone.key} {deps.settings.reports.answer_within:g}"


def _rest(days: Sequence[int], zone: ZoneInfo, where: CallFilter) -> list[tuple[datetime, datetime]]:
    """The times between the counted days."""
    assert where.since is not None
    assert where.until is not None
    rest, begin = [], where.since
    for number in days:
        first = midnight(day_of(number), zone)
        if first > begin:
            rest.append((begin, first))
        begin = midnight(day_of(number + 1), zone)
    return [*rest, *([(begin, where.until)] if begin < where.until else [])]


def _by(calls: CTE, group: Sequence[Facet], facets: Collection[Facet]) -> Any:
    """How many calls have each combination of the values of the group's facets that are asked for."""
    keys = [calls.c[facet] if facet in facets else literal("") for facet in group]
    values = [sql_cast(key, String) for key in (*keys, *[literal("")] * (_WIDEST - len(keys)))]
    named = [value.label(f"value_{number}") for number, value in enumerate(values)]
    sums = [func.count(), func.sum(calls.c.talk_seconds), func.sum(calls.c.wait_seconds)]
    asked = [calls.c[facet] for facet in group if facet in facets]
    return select(literal(group[0]), *named, calls.c.kind, *sums).group_by(*asked, calls.c.kind)


def _folded(
    rows: Sequence[Any], groups: Sequence[Sequence[Facet]], facets: Collection[Facet]
) -> list[CallCount]:
    """The counts of each facet alone, out of those of a group of them; each group has every call once."""
    sums: dict[tuple[Facet, Any, int], list[float]] = {}
    for group in groups:
        mine = [(place, facet) for place, facet in enumerate(group) if facet in facets]
        for row in rows:
            if row[0] != group[0]:
                continue
            for place, facet in mine:
                _add(sums, (facet, row[1 + place], row[1 + _WIDEST]), row[-3:])
            if group is groups[0] and "all" in facets:
                _add(sums, ("all", "", row[1 + _WIDEST]), row[-3:])
    return [
        _count(facet, value, *_parted(kind), int(count), talk, wait)
        for (facet, value, kind), (count, talk, wait) in sums.items()
    ]


def _add(sums: dict[tuple[Facet, Any, int], list[float]], key: tuple[Facet, Any, int], more: Any) -> None:
    known = sums.setdefault(key, [0, 0.0, 0.0])
    for place, value in enumerate(more):
        known[place] += value or 0


def _parted(kind: int) -> tuple[Direction, bool, Outcome]:
    """What `_kind` put together."""
    rest, outcome = divmod(kind, len(_OUTCOMES))
    return _DIRECTIONS[rest // 2], bool(rest % 2), _OUTCOMES[outcome]


def _count(
    facet: str, value: object, direction: Direction, in_hours: bool, outcome: Outcome, count: int,
    talk: float, wait: float,
) -> CallCount:  # fmt: skip
    return CallCount(
        facet=cast("Facet", facet), value="" if value is None else str(value), direction=direction,
        in_hours=bool(in_hours), outcome=outcome, count=count, talk_seconds=float(talk or 0.0),
        wait_seconds=float(wait or 0.0),
    )  # fmt: skip
