"""What a CallFilter means in SQL: the one place where lists, totals and statistics get their conditions
from, so that a number and the list behind it cannot differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.list_filters import Narrowing, condition_of
from hub.modules.access.api import AccessApi
from hub.modules.calls.models import IS_RARE_DIRECTION, IS_RARE_RESULT, Call, Line, Person
from hub.modules.calls.rules_statistics import GROUPS, NONE, offsets, results_of
from hub.modules.calls.views import CallFilter, Stretch
from hub.modules.crm.api import CrmApi, number_key
from hub.values import ShopId

Condition = ColumnElement[bool]

_FEW = 500
_DAY, _HOUR, _THURSDAY = 86_400, 3_600, 3

CALLER: ColumnElement[str] = case(
    (Call.is_new.is_(True), "new"), (Call.is_new.is_(False), "known"), (Call.other_key.is_(None), "withheld"),
    else_="not_noted",
)  # fmt: skip
"""What was noted stays when the number is erased."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Calls that an index of their own leads to, the newest first."""

    condition: Condition
    is_by_person: bool = False

    def newest(
        self, columns: Sequence[Any], conditions: Sequence[Condition], limit: int | None
    ) -> Select[Any]:
        """These columns of so many of them (None: of all) for which the conditions hold too."""
        query, newest = select(*columns).where(*conditions, self.condition), (Call.started_at, Call.id)
        if self.is_by_person:
            query, newest = query.join(Person, Person.call_id == Call.id), (Person.started_at, Person.call_id)
        return query if limit is None else query.order_by(*(one.desc() for one in newest)).limit(limit)


class CallFilters:
    """Builds conditions, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._crm = CrmApi(uow, deps)
        self._country = deps.places.of(uow.shop_id).country
        self._is_sqlite = uow.session.get_bind().dialect.name == "sqlite"

    async def conditions(self, where: CallFilter, *, to_the_end: bool = False) -> list[Condition]:
        """All of which must hold, beside one of the `branches`. `to_the_end`: every such call is looked at,
        not the newest of them."""
        exact = {
            Call.client_id: await self._living(where.client_id), Call.vehicle_id: where.vehicle_id,
            Call.state: where.state, Call.is_complete: where.is_complete, Call.in_hours: where.in_hours,
            Call.missed_reason: where.missed_reason,
        }  # fmt: skip
        found: list[Condition] = [c == value for c, value in exact.items() if value is not None]
        if where.result is not None:
            found += self._named(Call.result, where.result, "answered", IS_RARE_RESULT)
        elif where.missed_reason is not None:
            found.append(IS_RARE_RESULT)
        if where.direction is not None:
            found += self._named(Call.direction, where.direction, "inbound", IS_RARE_DIRECTION)
        if where.shops is not None:
            found.append(Call.shop_id.in_(sorted(where.shops)))
        if where.since is not None:
            found.append(Call.started_at >= where.since)
        if where.until is not None:
            found.append(Call.started_at < where.until)
        if where.stretches:
            found.append(or_(*(and_(*_within(one)) for one in where.stretches)))
        if where.queue is not None:
            found.append(Call.queue.is_(None) if where.queue == NONE else Call.queue == where.queue)
        if where.person is not None:
            found.append(self._all_of(where) if to_the_end else await self._took_part(where.person))
        if where.answered_by is not None:
            found.append(Call.answered_by.in_(where.answered_by))
        if where.caller is not None:
            found.append(CALLER.in_([where.caller]))
        found += [*self._lines(where), *self._outcomes(where), *await self._hours(where)]
        return [*found, *await self._more(where)]

    def _named(
        self, column: InstrumentedAttribute[Any], name: str, usual: str, is_rare: Condition
    ) -> list[Condition]:
        """One of a column's few values. SQLite must be told that it is not the usual one before the partial
        index of the others serves. PostgreSQL knows that of a value that is spelled out; told both, it takes
        them for independent, expects too few calls, and reads the whole table (250 ms of a million)."""
        if self._is_sqlite:
            return [column == name, *([] if name == usual else [is_rare])]
        return [column == literal(name, column.type, literal_execute=True)]

    async def driven(
        self, where: CallFilter, until: datetime | None = None
    ) -> tuple[list[Condition], list[Branch]]:
        """What must hold, beside one of the branches where there are any: for the newest calls, none of which
        is newer than `until`. Of a busy person and of one with few calls, only their own are looked at."""
        if where.person is None or where.number is not None:
            return await self.conditions(where), [Branch(one) for one in self.branches(where)]
        mine = [Person.started_at >= where.since] if where.since is not None else []
        mine += [Person.started_at < where.until] if where.until is not None else []
        mine += [Person.started_at <= until] if until is not None else []
        branches = [Branch(and_(Person.who == who, *mine), is_by_person=True) for who in where.person]
        return await self.conditions(replace(where, person=None if branches else ())), branches

    def branches(self, where: CallFilter) -> list[Condition]:
        """A number is looked for on either side; one that nobody outside can have, among colleagues."""
        if where.number is None:
            return []
        key = number_key(where.number, self._country)
        if key is not None:
            return [Call.other_key == key, Call.our_key == key]
        text = where.number.strip()
        return [or_(Call.from_number == text, Call.to_number == text)]

    def outcome(self) -> ColumnElement[str]:
        """How each call went (rules_statistics.Outcome)."""
        within = self._deps.settings.reports.answer_within
        waits = func.coalesce(Call.queued_at, Call.offered_at)
        answered = self._seconds(func.coalesce(waits, Call.started_at), Call.answered_at)
        lost = self._seconds(waits, Call.ended_at)
        inbound = case(
            (Call.result == "answered", case((answered > within, "answered_late"), else_="answered_in_time")),
            (Call.result == "missed", case((lost > within, "missed_late"), else_="missed_early")),
            (Call.result == "voicemail", case((lost > within, "voicemail_late"), else_="voicemail_early")),
            else_=Call.result,
        )
        return case(
            (Call.state != "ended", "live"),
            (Call.direction == "inbound", inbound),
            (Call.result == "answered", "answered_in_time"),
            else_=Call.result,
        )

    async def local_seconds(self, where: CallFilter) -> ColumnElement[int]:
        """Seconds since 1970 by the clock on the wall of the call's own shop."""
        zones: dict[ZoneInfo, set[ShopId]] = {}
        for shop in await AccessApi(self._uow, self._deps).list_shops():
            if where.shops is None or shop.id in where.shops:
                zones.setdefault(self._deps.places.of(shop.id).zone, set()).add(shop.id)
        shifts = {zone: self._shift(zone, where.since, where.until) for zone in zones}
        return self._epoch() + self._by_shop(shifts, zones)

    def _by_shop(
        self, shifts: Mapping[ZoneInfo, ColumnElement[int]], zones: Mapping[ZoneInfo, Collection[ShopId]]
    ) -> ColumnElement[int]:
        if not shifts:
            return literal(0)
        if len(shifts) == 1:
            return next(iter(shifts.values()))
        arms = [(Call.shop_id.in_(sorted(zones[zone])), shift) for zone, shift in shifts.items()]
        return case(*arms, else_=0)

    def _shift(self, zone: ZoneInfo, since: datetime | None, until: datetime | None) -> ColumnElement[int]:
        *earlier, (_, last) = offsets(zone, since, until or self._deps.clock.now())
        if not earlier:
            return literal(last)
        return case(*((Call.started_at < moment, seconds) for moment, seconds in earlier), else_=last)

    def _epoch(self) -> ColumnElement[int]:
        if self._is_sqlite:
            return cast(func.strftime("%s", Call.started_at), BigInteger)
        return cast(func.floor(func.extract("epoch", Call.started_at)), BigInteger)

    def _seconds(self, begin: Any, end: Any) -> ColumnElement[float]:
        """To the millisecond, as facts have them: exactly 20 seconds are 20 seconds."""
        if self._is_sqlite:
            return func.round((func.julianday(end) - func.julianday(begin)) * _DAY, 3)
        return cast(func.extract("epoch", end - begin), Double)

    def _outcomes(self, where: CallFilter) -> list[Condition]:
        if where.outcome is None:
            return []
        outcomes = GROUPS[where.outcome]
        results = results_of(outcomes)
        found: list[Condition] = [Call.result.in_(sorted(results)), self.outcome().in_(sorted(outcomes))]
        return found if "answered" in results else [*found, IS_RARE_RESULT]

    def _lines(self, where: CallFilter) -> list[Condition]:
        found: list[Condition] = []
        if where.line == NONE:
            found.append(Call.line.is_(None))
        elif where.line is not None:
            line = number_key(where.line, self._country) or where.line.strip()
            found += [Call.line == line, Call.our_key == line]
        if where.source == NONE:
            named = select(Line.number).where(Line.source != "")
            found.append(or_(Call.line.is_(None), Call.line.not_in(named)))
        elif where.source is not None:
            found.append(Call.line.in_(select(Line.number).where(Line.source == where.source)))
        return found

    async def _living(self, client_id: str | None) -> str | None:
        """The client whom this one has become a part of."""
        living = await self._crm.clients_by_ids([client_id]) if client_id is not None else {}
        client = living.get(client_id or "")
        return client.id if client is not None else client_id

    async def _hours(self, where: CallFilter) -> list[Condition]:
        if where.weekday is None and where.hour is None:
            return []
        local = await self.local_seconds(where)
        found: list[Condition] = []
        if where.weekday is not None:
            found.append(weekday(local) == where.weekday)
        if where.hour is not None:
            found.append(hour(local) == where.hour)
        return found

    async def _more(self, where: CallFilter) -> list[Condition]:
        return [
            await condition_of(
                self._uow, self._deps, "calls", name,
                Narrowing(row_id=Call.id.expression, value=value, since=where.since),
            )
            for name, value in where.more
        ]  # fmt: skip

    def _all_of(self, where: CallFilter) -> Condition:
        """A person's calls are listed first, and each is looked up."""
        mine: list[Condition] = [Person.who.in_(where.person or ())]
        if where.since is not None:
            mine.append(Person.started_at >= where.since)
        if where.until is not None:
            mine.append(Person.started_at < where.until)
        return Call.id.in_(select(Person.call_id).where(*mine))

    async def _took_part(self, who: tuple[str, ...]) -> Condition:
        """Of a busy person the newest calls are soon found by looking at each call; of one with few,
        the few are listed first."""
        few = select(Person.call_id).where(Person.who.in_(who)).limit(_FEW + 1)
        known = (await self._uow.session.scalars(few)).all()
        if len(known) <= _FEW:
            return Call.id.in_(known)
        return exists().where(Person.call_id == Call.id, Person.who.in_(who))


def _within(one: Stretch) -> list[Condition]:
    found: list[Condition] = [] if one.shops is None else [Call.shop_id.in_(sorted(one.shops))]
    if one.since is not None:
        found.append(Call.started_at >= one.since)
    return [*found, Call.started_at < one.until] if one.until is not None else found


def day(local: ColumnElement[int]) -> ColumnElement[int]:
    """The local day, as a number (rules_statistics.day_of)."""
    return cast(local // _DAY, BigInteger)


def weekday(local: ColumnElement[int]) -> ColumnElement[int]:
    """0 = Monday."""
    return (day(local) + _THURSDAY) % 7


def hour(local: ColumnElement[int]) -> ColumnElement[int]:
    """0 to 23, by the local clock."""
    return cast((local % _DAY) // _HOUR, BigInteger)
