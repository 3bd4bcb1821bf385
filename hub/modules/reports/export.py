"""The report as one table: a line for every number's row, for programs and spreadsheets."""

from __future__ import annotations

from collections.abc import Callable

from hub.modules.reports.rules import Sums, percent
from hub.modules.reports.views import CallReport

Say = Callable[..., str]
Line = list[object]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CALLERS = {
    "new": "New callers", "known": "Known callers", "withheld": "Number withheld",
    "not_noted": "From before this was noted",
}  # fmt: skip
REASONS = {
    "rang_out": "nobody picked up", "busy": "all phones were busy", "declined": "declined on every phone",
    "unreachable": "no phone could be reached", "before_ringing": "in the greeting or menu",
}  # fmt: skip
WIDTHS = (18, 26)


def tables(report: CallReport, say: Say) -> tuple[list[str], list[Line]]:
    """Head and lines; rates in percent, times in seconds."""
    within = f"{report.within:g}"
    head = [
        say("Table"), say("Row"), say("Calls"), say("Answered"),
        say("Answered within {seconds} s", seconds=within), say("Missed"),
        say("Missed after {seconds} s", seconds=within), say("Voicemail"), say("Hung up at once"),
        say("End not seen"), say("Service level, %"), say("Answer rate, %"), say("Mean wait, s"),
        say("Talk time, s"),
    ]  # fmt: skip
    rows = [_line(say("Inbound"), say("Total"), report.inbound)]
    if report.before is not None:
        rows.append(_line(say("Inbound"), say("The time before"), report.before))
    rows += [_line(say("By day"), step.first.isoformat(), step.sums) for step in report.steps]
    rows += [
        _line(say("By hour and weekday"), f"{say(WEEKDAYS[weekday])} {hour:02d}:00", sums)
        for (weekday, hour), sums in sorted(report.slots.items())
    ]
    for title, name, part in (
        ("By line", "no line", report.lines), ("By source", "no source", report.sources),
        ("By queue", "no queue", report.queues),
    ):  # fmt: skip
        rows += [_line(say(title), row.name or say(name), row.sums) for row in part]
    rows += [_line(say("By caller"), say(CALLERS[row.key]), row.sums) for row in report.callers]
    rows += [_line(say("Why not answered"), say(REASONS[row.key]), row.sums) for row in report.reasons]
    rows += [_line(say("By person, answered"), row.name, row.answered) for row in report.people]
    rows += [_line(say("By person, outbound"), row.name, row.outbound) for row in report.people]
    rows.append(_line(say("Outbound"), say("Total"), report.outbound))
    if report.lost is not None:
        rows.append([say("Lost clients"), say("Total"), report.lost])
    return head, rows


def _line(table: str, name: str, sums: Sums) -> Line:
    counts = [
        sums.calls, sums.of("answered"), sums.of("in_time"), sums.of("missed"), sums.of("missed_late"),
        sums.of("voicemail"), sums.of("short"), sums.of("unknown"),
    ]  # fmt: skip
    wait = sums.mean_wait
    rates = [percent(sums.service_level), percent(sums.answer_rate), None if wait is None else round(wait, 1)]
    return [table, name, *counts, *rates, round(sums.talk, 1)]
