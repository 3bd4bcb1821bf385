"""The form of opening hours: read from what was posted, faults at its fields, shown again as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from multidict import MultiMapping

from hub.modules.access.rules import show_minutes, spans_fault
from hub.modules.access.rules_hours import read_time
from hub.modules.access.views import HolidayView, ShopView, Span

EDGES = ("opens", "pause", "resume", "closes")
MOST_HOLIDAYS = 400
_COLUMNS = ("day", "title", "opens", "closes")
_MOST_TEXT = 40


@dataclass(slots=True, kw_only=True)
class DayRow:
    """A weekday as it is typed: when it opens, the break, when it closes. All empty: closed."""

    opens: str = ""
    pause: str = ""
    resume: str = ""
    closes: str = ""
    fault: str = ""


@dataclass(slots=True, kw_only=True)
class HolidayRow:
    """A day with hours of its own as it is typed; no times: closed."""

    day: str = ""
    title: str = ""
    opens: str = ""
    closes: str = ""
    fault: str = ""


@dataclass(slots=True)
class HoursForm:
    """What stands in the form, and what it means where it is right."""

    days: list[DayRow]
    holidays: list[HolidayRow]
    hours: dict[int, list[Span]] = field(default_factory=dict)
    special: list[HolidayView] = field(default_factory=list)

    @property
    def has_faults(self) -> bool:
        return any(row.fault for row in self.days) or any(row.fault for row in self.holidays)


def shown(shop: ShopView) -> HoursForm:
    """The form as the shop is."""
    days = []
    for number in range(7):
        spans = sorted(shop.hours.get(number, ()), key=lambda span: span.opens)
        row = DayRow()
        if spans:
            row.opens, row.closes = show_minutes(spans[0].opens), show_minutes(spans[-1].closes)
        if len(spans) > 1:
            row.pause, row.resume = show_minutes(spans[0].closes), show_minutes(spans[1].opens)
        days.append(row)
    holidays = [
        HolidayRow(
            day=one.day.isoformat(), title=one.title,
            opens=show_minutes(one.span.opens) if one.span else "",
            closes=show_minutes(one.span.closes) if one.span else "",
        )
        for one in shop.holidays
    ]  # fmt: skip
    return HoursForm(days, holidays)


def read(form: MultiMapping[str], suggested: Mapping[str, str]) -> HoursForm:
    """The form as it was posted; `suggested` are the holidays by their day, of which some are ticked."""
    made = HoursForm([_day_row(form, number) for number in range(7)], _holiday_rows(form))
    for number, row in enumerate(made.days):
        made.hours[number] = _spans(row)
    seen: set[date] = set()
    for holiday in made.holidays:
        view = _holiday(holiday)
        if view is not None and view.day in seen:
            holiday.fault = "This day stands here twice."
        elif view is not None:
            seen.add(view.day)
            made.special.append(view)
    for day in form.getall("suggestion", []):
        if day in suggested and date.fromisoformat(day) not in seen:
            made.holidays.append(HolidayRow(day=day, title=suggested[day]))
            made.special.append(HolidayView(day=date.fromisoformat(day), title=suggested[day], span=None))
    made.special.sort(key=lambda one: one.day)
    return made


def _day_row(form: MultiMapping[str], number: int) -> DayRow:
    typed = {edge: form.get(f"day{number}_{edge}", "")[:_MOST_TEXT].strip() for edge in EDGES}
    return DayRow(**typed)


def _holiday_rows(form: MultiMapping[str]) -> list[HolidayRow]:
    columns = [form.getall(f"holiday_{name}", [])[:MOST_HOLIDAYS] for name in _COLUMNS]
    made: list[HolidayRow] = []
    for cells in zip(*columns, strict=False):
        day, title, opens, closes = (" ".join(cell.split()) for cell in cells)
        if day:
            row = HolidayRow(day=day[:_MOST_TEXT], title=title[:100])
            row.opens, row.closes = opens[:_MOST_TEXT], closes[:_MOST_TEXT]
            made.append(row)
    return made


def _spans(row: DayRow) -> list[Span]:
    if not any((row.opens, row.closes, row.pause, row.resume)):
        return []
    if not (row.opens and row.closes):
        row.fault = "Write when it opens and when it closes, or leave the day empty."
        return []
    if bool(row.pause) != bool(row.resume):
        row.fault = "Write when the break begins and when it ends."
        return []
    edges = [read_time(text) for text in (row.opens, row.pause, row.resume, row.closes) if text]
    return _joined(row, edges)


def _joined(row: DayRow | HolidayRow, edges: Sequence[int | None]) -> list[Span]:
    """Spans of opening and closing times in turn; a closing at 00:00 is midnight at the day's end."""
    times = [edge for edge in edges if edge is not None]
    if len(times) != len(edges):
        row.fault = "Write times like 09:00 and 18:30."
        return []
    if times[-1] == 0:
        times[-1] = 1440
    spans = [Span(opens=a, closes=b) for a, b in zip(times[::2], times[1::2], strict=True)]
    if len(times) > 2 and times != sorted(times):
        row.fault = "The times of a day must follow one another."
    else:
        row.fault = spans_fault(spans) or ""
    return [] if row.fault else spans


def _holiday(row: HolidayRow) -> HolidayView | None:
    try:
        day = date.fromisoformat(row.day)
    except ValueError:
        row.fault = "Write days like 2026-12-31."
        return None
    if not row.opens and not row.closes:
        return HolidayView(day=day, title=row.title, span=None)
    if not (row.opens and row.closes):
        row.fault = "Write both times, or none: then it is closed."
        return None
    spans = _joined(row, [read_time(row.opens), read_time(row.closes)])
    return HolidayView(day=day, title=row.title, span=spans[0]) if spans else None


def is_past(row: HolidayRow, today: date) -> bool:
    """Whether a day is over since more than a week: it stands apart."""
    try:
        return not row.fault and date.fromisoformat(row.day) < today - timedelta(days=7)
    except ValueError:
        return False
