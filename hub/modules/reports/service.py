"""Puts the report on calls together. Never commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi, PersonView
from hub.modules.calls.api import (
    NONE,
    CallCount,
    CallsApi,
    Facet,
    FullView,
    LineView,
    day_of,
    within,
)
from hub.modules.reports.rules import Sums, before, median, month_end, month_of, summed
from hub.modules.reports.views import CallReport, PersonRow, Question, Row, Speed, Step
from hub.modules.tasks.api import TasksApi

FACETS: tuple[Facet, ...] = (
    "all", "day", "slot", "line", "queue", "answered_by", "caller", "reason", "phones",
)  # fmt: skip
MOST_DAYS = 62
"""More of them are shown by the month."""


class ReportService:
    """The report on calls, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._deps = deps
        self._calls = CallsApi(uow, deps)
        self._tasks = TasksApi(uow, deps)
        self._access = AccessApi(uow, deps)

    async def calls(self, asked: Question) -> CallReport:
        """Everything that the page shows."""
        counts = await self._calls.statistics.count(asked.where, FACETS, by_month=_is_by_month(asked))
        mine = [one for one in counts if _is_in(asked, one)]
        inbound = [one for one in mine if one.direction == "inbound"]
        lines = {line.number: line for line in await self._calls.lines()}
        away = [one for one in counts if one.direction == "inbound" and not _is_in(asked, one)]
        return CallReport(
            inbound=summed(_of(inbound, "all")),
            outbound=summed(one for one in _of(mine, "all") if one.direction == "outbound"),
            before=await self._before(asked), outside=summed(_of(away, "all")).calls,
            steps=_steps(_of(inbound, "day"), asked), slots=_slots(_of(inbound, "slot")),
            people=await self._people(asked, mine),
            lines=_rows(_of(inbound, "line"), "line", _line_name(lines)),
            sources=_sources(_of(inbound, "line"), lines),
            queues=_rows(_of(inbound, "queue"), "queue", str),
            callers=_rows(_of(inbound, "caller"), "caller", str),
            reasons=_reasons(_of(inbound, "reason")),
            lost=len(await self.lost(asked)) if _is_soon_known(asked) else None,
            speed=await self._speed(asked), within=self._deps.settings.reports.answer_within,
            full=await self._full(asked),
        )  # fmt: skip

    async def lost(self, asked: Question) -> tuple[str, ...]:
        """The ids of the last call of everybody who was lost and never reached, newest first."""
        in_hours = {"in": True, "out": False}.get(asked.hours)
        found = await self._calls.statistics.lost(replace(asked.where, in_hours=in_hours))
        if not found:
            return ()
        settled = await self._tasks.speed.settled(asked.stretches)
        return tuple(call_id for call_id in found if call_id not in settled)

    async def _full(self, asked: Question) -> tuple[FullView, ...]:
        if asked.is_own:
            return ()
        found: list[FullView] = []
        for one in asked.stretches:
            found += await self._calls.capacity.between(one.since, one.until, one.shops)
        return tuple(sorted(found, key=lambda one: one.began_at, reverse=True))

    async def _before(self, asked: Question) -> Sums | None:
        if not asked.compares:
            return None
        stretches = [before(one, self._deps.clock.now()) for one in asked.stretches]
        where = replace(within(asked.where, stretches), direction="inbound")
        counts = await self._calls.statistics.count(where, ["all"])
        return summed(one for one in counts if _is_in(asked, one))

    async def _speed(self, asked: Question) -> Speed | None:
        where = asked.where
        if asked.is_own or where.queue or where.person or where.caller or where.more:
            return None
        found = await self._tasks.speed.callbacks(asked.stretches, asked.lines)
        if found is None:
            return None
        tried = [one.to_first_try for one in found if one.to_first_try is not None]
        reached = [one.to_reached for one in found if one.to_reached is not None]
        return Speed(
            count=len(found), tried=len(tried), reached=len(reached), to_first_try=median(tried),
            to_reached=median(reached),
        )  # fmt: skip

    async def _people(self, asked: Question, counts: Sequence[CallCount]) -> tuple[PersonRow, ...]:
        """By person, where a phone is somebody's; a person with two phones counts once in each call."""
        everybody = await self._access.list_people(asked.where.shops, only_active=True)
        owner = {phone: one for one in everybody for phone in _phones(one)}
        answered: dict[str, Sums] = {}
        lost: dict[str, int] = {}
        outbound: dict[str, Sums] = {}
        for one in _of(counts, "answered_by"):
            if one.value and one.direction == "inbound" and one.outcome.startswith("answered"):
                answered.setdefault(_whose(one.value, owner), Sums()).add(one)
        for one in _of(counts, "phones"):
            for key in {_whose(phone, owner) for phone in one.value.split(",") if phone}:
                if one.direction == "outbound":
                    outbound.setdefault(key, Sums()).add(one)
                elif one.outcome.startswith(("missed", "voicemail")):
                    lost[key] = lost.get(key, 0) + one.count
        names = {one.id: one.name for one in everybody}
        keys = [key for key in {*answered, *lost, *outbound} if asked.person in ("", key)]
        rows = [
            PersonRow(
                key=key, name=names.get(key, key), answered=answered.get(key, Sums()), lost=lost.get(key, 0),
                outbound=outbound.get(key, Sums()),
            )
            for key in keys
        ]  # fmt: skip
        return tuple(sorted(rows, key=lambda row: (-row.answered.calls, -row.outbound.calls, row.name)))


def _is_soon_known(asked: Question) -> bool:
    """For each lost call all later ones of that client are looked at: of a year that takes seconds."""
    return asked.where.person is None and not _is_by_month(asked)


def _is_by_month(asked: Question) -> bool:
    first, last = asked.days
    return (last - first).days >= MOST_DAYS


def _is_in(asked: Question, count: CallCount) -> bool:
    return asked.hours == "all" or count.in_hours == (asked.hours == "in")


def _of(counts: Iterable[CallCount], facet: Facet) -> list[CallCount]:
    return [one for one in counts if one.facet == facet]


def _phones(person: PersonView) -> tuple[str, ...]:
    return (*person.extensions, *((person.mobile,) if person.mobile else ()))


def _whose(phone: str, owner: Mapping[str, PersonView]) -> str:
    return owner[phone].id if phone in owner else phone


def _steps(counts: Sequence[CallCount], asked: Question) -> tuple[Step, ...]:
    """Every day of the time, those without a call included; of a long time, every month."""
    first, last = asked.days
    by_month = _is_by_month(asked)
    spans: dict[date, tuple[date, date]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        name = month_of(day) if by_month else day
        ends = min(last, month_end(day)) if by_month else day
        spans.setdefault(name, (max(first, name), ends))
    sums: dict[date, Sums] = {name: Sums() for name in spans}
    for one in counts:
        day = day_of(int(one.value))
        name = month_of(day) if by_month else day
        sums.get(name, Sums()).add(one)
    return tuple(Step(first=begin, last=end, sums=sums[name]) for name, (begin, end) in spans.items())


def _slots(counts: Sequence[CallCount]) -> dict[tuple[int, int], Sums]:
    slots: dict[tuple[int, int], Sums] = {}
    for one in counts:
        slots.setdefault((int(one.value) // 24, int(one.value) % 24), Sums()).add(one)
    return slots


def _rows(counts: Sequence[CallCount], facet: str, name: Callable[[str], str]) -> tuple[Row, ...]:
    """The busiest first."""
    found: dict[str, Sums] = {}
    for one in counts:
        found.setdefault(one.value, Sums()).add(one)
    rows = [
        Row(key=key, name=name(key), sums=sums, narrow={facet: key or NONE}) for key, sums in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.sums.calls, row.name)))


def _reasons(counts: Sequence[CallCount]) -> tuple[Row, ...]:
    """Why calls were not answered; a reason that nobody noted is none."""
    lost = [one for one in counts if not one.outcome.startswith("answered") and one.value]
    return tuple(row for row in _rows(lost, "reason", str) if row.sums.calls)


def _sources(counts: Sequence[CallCount], lines: Mapping[str, LineView]) -> tuple[Row, ...]:
    """By the advertisement that carries the line."""
    named = [replace(one, value=lines[one.value].source if one.value in lines else "") for one in counts]
    return _rows(named, "source", str)


def _line_name(lines: Mapping[str, LineView]) -> Callable[[str], str]:
    return lambda number: lines[number].name if number in lines else number
