"""Adds calls up. Days that are over are read from their tallies where those say the same; everything else is
counted from the calls themselves. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

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
    tuple_,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from hub.events.calls import Direction
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.filters import CALLER, CallFilters, day, hour, weekday
from hub.modules.calls.models import IS_RARE_DIRECTION, IS_RARE_RESULT, Call, Person
from hub.modules.calls.periods import apart
from hub.modules.calls.rules_statistics import Outcome, days_of_month
from hub.modules.calls.service_tallies import EVERYBODY, TallyReading, day_spans, gaps, month_spans
from hub.modules.calls.views import CallCount, CallFilter, Facet, LostCall, counted, key_of_phones
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


class StatisticsService:
    """Counts the calls of a filter by facets."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._filters = CallFilters(uow, deps)
        self._tallies = TallyReading(uow, deps)

    async def count(
        self, where: CallFilter, facets: Collection[Facet], *, by_month: bool = False
    ) -> tuple[CallCount, ...]:
        """One row for each combination that there is; rows of the same combination may come twice (from the
        tallies and from the calls): add them up. `by_month`: the calls of a whole month may be told as those
        of its first day."""
        found: list[CallCount] = []
        for one in apart(where):
            for part in await self._parts(one, found, facets, by_month=by_month or "day" not in facets):
                found += await self.count_calls(part, facets)
        return tuple(found)

    async def count_calls(self, where: CallFilter, facets: Collection[Facet]) -> tuple[CallCount, ...]:
        """The same from the calls themselves."""
        everything = await self._filters.conditions(where, to_the_end=True)
        conditions = [*everything, Call.direction != "internal"]
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
        # In one order: SQLite's is its index's, a server's may be any.
        joined = (
            func.group_concat(Person.who, ",")
            if self._is_sqlite
            else func.string_agg(Person.who, ",").aggregate_order_by(Person.who)
        )
        who = select(joined).where(Person.call_id == Call.id).scalar_subquery()
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

    async def lost(self, where: CallFilter) -> tuple[str, ...]:
        """Of every client (while unknown: number) who was lost in the time of the filter and to whom nobody
        has talked since, the last such call, newest first: their ids, for a year has thousands of them. Who
        is no client does not count."""
        later, seconds = aliased(Call), self._deps.settings.tasks.reached_seconds
        talked = and_(later.result == "answered", later.talk_seconds >= seconds)
        again: ColumnElement[bool] = later.result.in_(("missed", "voicemail"))
        if where.until is not None:
            again = and_(again, _before_end(later, where))
        # As pairs, at which an index can begin; spelt out with OR it takes three times as long.
        after = tuple_(later.started_at, later.id) > tuple_(Call.started_at, Call.id)
        since = [after, or_(talked, and_(later.direction == "inbound", again))]
        query = select(Call.id).where(
            *await self._filters.conditions(
                replace(where, direction="inbound", outcome="lost"), to_the_end=True
            ),
            Call.other_key.is_not(None), or_(Call.relation.is_(None), Call.relation == "client"),
            ~exists().where(later.other_key == Call.other_key, *since),
            or_(
                Call.client_id.is_(None),
                not_(exists().where(later.client_id == Call.client_id, *since)),
            ),
        )  # fmt: skip
        ordered = query.order_by(Call.started_at.desc(), Call.id.desc())
        return tuple((await self._uow.session.scalars(ordered)).all())

    async def lost_calls(self, call_ids: Collection[str]) -> tuple[LostCall, ...]:
        """Some of those, newest first."""
        query = select(
            Call.id, Call.shop_id, Call.client_id, Call.other_number, Call.line, Call.missed_reason,
            Call.started_at,
        ).where(Call.id.in_(call_ids)).order_by(Call.started_at.desc(), Call.id.desc())  # fmt: skip
        rows = (await self._uow.session.execute(query)).all()
        return tuple(
            LostCall(
                call_id=row.id, shop_id=ShopId(row.shop_id), client_id=row.client_id, line=row.line,
                number=row.other_number, missed_reason=row.missed_reason, started_at=row.started_at,
            )
            for row in rows
        )  # fmt: skip

    async def _parts(
        self, where: CallFilter, found: list[CallCount], facets: Collection[Facet], *, by_month: bool
    ) -> Iterable[CallFilter]:
        """What is left to count when the tallies of whole months and days have been read into `found`."""
        since, until = where.since, where.until
        plain = replace(where, shops=None, since=None, until=None, in_hours=None, direction=None, person=None)
        if plain != _PLAIN or since is None or until is None:
            return [where]
        shops = [one.id for one in await AccessApi(self._uow, self._deps).list_shops()]
        mine = [shop for shop in shops if where.shops is None or shop in where.shops]
        zones = {self._deps.places.of(shop).zone for shop in mine}
        zone = zones.pop() if len(zones) == 1 else self._deps.places.of(self._uow.shop_id).zone
        who = EVERYBODY if where.person is None else key_of_phones(where.person)
        days = await self._tallies.days(mine, zone, since, until) if by_month or where.person is None else []
        months = await self._tallies.months(mine, who, zone, since, until, days) if by_month and days else []
        if months:
            found += await self._tallies.of_months(where, mine, who, months, facets)
        left = gaps(month_spans(months, zone), since, until)
        if where.person is None:
            taken = {day for month in months for day in days_of_month(month)}
            days = [day for day in days if day not in taken]
            if days:
                found += await self._tallies.of_days(where, mine, days, facets)
            spans = sorted([*month_spans(months, zone), *day_spans(days, zone)])
            left = gaps(spans, since, until)
        return [replace(where, since=begin, until=end) for begin, end in left]


def _before_end(later: Any, where: CallFilter) -> ColumnElement[bool]:
    """Within the days of the call's own shop; of one that the filter leaves out, within the outermost."""
    is_before: ColumnElement[bool] = later.started_at < where.until
    if not where.stretches:
        return is_before
    mine = {shop for one in where.stretches for shop in one.shops or ()}
    arms = [
        and_(later.shop_id.in_(sorted(one.shops or ())), later.started_at < one.until)
        for one in where.stretches
    ]
    return or_(*arms, and_(later.shop_id.not_in(sorted(mine)), is_before))


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
        counted(facet, value, *_parted(kind), int(count), talk, wait)
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
