"""Reports in the API."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallerKind
from hub.modules.reports.api import CallReport, ReportsApi, Sums
from hub.modules.reports.rules import percent
from hub.modules.reports.scope import LONGEST, VIEW, Asked, asked_of


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


def _written_day(value: object) -> object:
    """A day is written; a bare number, which would be taken for seconds since 1970, is none."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("Write it like 2026-12-31.")
    return value


Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_no_nul)]
Day = Annotated[date, BeforeValidator(_written_day)]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class CallReportQuery(Strict):
    """Which calls. Days are those of each shop's own zone."""

    model_config = ConfigDict(populate_by_name=True)

    period: Literal["today", "yesterday", "week", "month", "custom"] | None = Field(
        None, description="`week` and `month` are 7 and 30 days, today included; own days: `from` and `to`"
    )
    first: Day | None = Field(None, alias="from", description="First day")
    last: Day | None = Field(None, alias="to", description="Last day")
    hours: Literal["in", "out", "all"] = Field("in", description="In opening hours, outside of them, both")
    shop: Text | None = None
    line: Text | None = Field(None, description="`-`: calls that came by none")
    queue: Text | None = Field(None, description="`-`: calls that waited in none")
    source: Text | None = Field(None, description="`-`: lines without one")
    person: Text | None = Field(None, description="Employee id or extension of one who took part")
    caller: CallerKind | None = None


class SumsOut(BaseModel):
    """Calls added up; rates in percent with one decimal, times in seconds; null where there is nothing to
    divide by. `calls` = answered + missed + voicemail + short_abandon (outbound: + not answered)."""

    calls: int
    answered: int
    answered_in_time: int
    missed: int
    missed_late: int
    voicemail: int
    short_abandon: int
    lost_late: int
    lost_early: int
    unknown: int
    service_level: float | None
    answer_rate: float | None
    mean_wait_seconds: float | None
    talk_seconds: float


class DayOut(BaseModel):
    """A day, or a month of a long time: from its first to its last day."""

    first: date
    last: date
    sums: SumsOut


class HourOut(BaseModel):
    """An hour of a weekday (0 = Monday) by the shop's own clock."""

    weekday: int
    hour: int
    sums: SumsOut


class RowOut(BaseModel):
    """A line of a table; `key` is empty for calls that have none."""

    key: Dialable
    name: Words
    sums: SumsOut


class PersonOut(BaseModel):
    """What a person did; `key` is the employee's id, or an extension that is nobody's. `lost`: calls that
    rang at the person's phones and that nobody answered."""

    key: Dialable
    name: Words
    answered: SumsOut
    lost: int
    outbound: SumsOut


class SpeedOut(BaseModel):
    """How missed callers were called back; medians in working seconds."""

    model_config = ConfigDict(from_attributes=True)

    count: int
    tried: int
    reached: int
    to_first_try: float | None
    to_reached: float | None


class FullOut(BaseModel):
    """A time in which an outside line (`is_all`: every one) carried all the calls that it can."""

    model_config = ConfigDict(from_attributes=True)

    lines: list[str]
    is_all: bool
    began_at: Moment
    ended_at: Moment | None


class CallReportOut(BaseModel):
    """The report on calls. `lost_clients`: missed and never reached after, each client once; null for more
    than 62 days and for a person."""

    since: Moment = Field(description="Of several zones, when the first day begins anywhere")
    until: Moment = Field(description="Of several zones, when the last day ends everywhere")
    answer_within_seconds: float
    inbound: SumsOut
    before: SumsOut | None
    outside: int
    outbound: SumsOut
    days: list[DayOut]
    hours: list[HourOut]
    people: list[PersonOut]
    lines: list[RowOut]
    sources: list[RowOut]
    queues: list[RowOut]
    callers: list[RowOut]
    reasons: list[RowOut]
    lost_clients: int | None
    line_full: list[FullOut] = Field(description="Times in which calls did not get through: losses unknown")
    callbacks: SpeedOut | None


async def get_call_report(request: PageRequest, query: CallReportQuery) -> CallReportOut:
    """The same numbers as on the page."""
    given = {
        name: "" if value is None else str(value)
        for name, value in query.model_dump(by_alias=True).items()
    }  # fmt: skip
    asked = await asked_of(request, given)
    return _report(await request.apis.of(ReportsApi).calls(asked.question), asked)


def _report(report: CallReport, asked: Asked) -> CallReportOut:
    def rows(name: str) -> list[RowOut]:
        return [RowOut(key=one.key, name=one.name, sums=_sums(one.sums)) for one in getattr(report, name)]

    return CallReportOut(
        since=asked.question.since, until=asked.question.until, answer_within_seconds=report.within,
        inbound=_sums(report.inbound), before=_sums(report.before) if report.before is not None else None,
        outside=report.outside, outbound=_sums(report.outbound),
        days=[DayOut(first=one.first, last=one.last, sums=_sums(one.sums)) for one in report.steps],
        hours=[
            HourOut(weekday=weekday, hour=hour, sums=_sums(sums))
            for (weekday, hour), sums in sorted(report.slots.items())
        ],
        people=[
            PersonOut(
                key=one.key, name=one.name, answered=_sums(one.answered), lost=one.lost,
                outbound=_sums(one.outbound),
            )
            for one in report.people
        ],
        lines=rows("lines"), sources=rows("sources"), queues=rows("queues"), callers=rows("callers"),
        reasons=rows("reasons"), lost_clients=report.lost,
        line_full=[FullOut.model_validate(one) for one in report.full],
        callbacks=SpeedOut.model_validate(report.speed) if report.speed is not None else None,
    )  # fmt: skip


def _sums(sums: Sums) -> SumsOut:
    wait = sums.mean_wait
    return SumsOut(
        calls=sums.calls, answered=sums.of("answered"), answered_in_time=sums.of("in_time"),
        missed=sums.of("missed"), missed_late=sums.of("missed_late"), voicemail=sums.of("voicemail"),
        short_abandon=sums.of("short"), lost_late=sums.of("lost_late"), lost_early=sums.of("lost_early"),
        unknown=sums.of("unknown"), service_level=percent(sums.service_level),
        answer_rate=percent(sums.answer_rate), mean_wait_seconds=None if wait is None else round(wait, 1),
        talk_seconds=round(sums.talk, 1),
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/reports/calls", handler=get_call_report, right=VIEW, name="reports.calls",
        is_heavy=True, summary="Statistics of calls", query=CallReportQuery, result=CallReportOut,
        narrows="calls",        errors=(401, 403, 422, 429),
    ),
)  # fmt: skip
