"""Database and relay: whether facts are stored and handled."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.render import size
from webui.request import Request

LATE = 60.0


async def look(request: Request, report: SystemReport) -> SystemSection:
    """Database first, for without it nothing works."""
    return SystemSection(
        conditions=(_database(request, report), *_log(request, report), *_relay(request, report)),
        template="system/engine.html",
        values={"report": report},
        figures={
            "pitline_database_up": float(report.database_ok),
            "pitline_database_bytes": report.database_bytes,
            "pitline_database_log_bytes": report.log_bytes,
            "pitline_deliveries_pending": report.pending_deliveries,
            "pitline_deliveries_oldest_seconds": report.oldest_pending_seconds,
            "pitline_relay_up": float(report.relay_ok),
        },
    )


def _database(request: Request, report: SystemReport) -> Condition:
    if report.database_ok:
        return Condition(level="good", text=request.t("The database works."))
    said = request.site.texts.heard(request.language, report.database_text)
    return Condition(
        level="problem",
        text=request.t("The database does not work: {reason}", reason=said),
        hint=request.t(
            "What came from the PBX meanwhile stands in the journal: pitline replay takes it over."
            if report.is_damaged
            else "What happens meanwhile is kept and stored when it works again. Do not stop the program."
        ),
    )


def _log(request: Request, report: SystemReport) -> list[Condition]:
    """Our own readers are ended in time; those of other programs cannot be."""
    if not report.log_is_large:
        return []
    text = request.t("Another program reads the database without an end.")
    hint = request.t(
        "Close what has the file open (a viewer, a copying tool): its log takes {size} and grows.",
        size=size(report.log_bytes),
    )
    return [Condition(level="warning", text=text, hint=hint)]


def _relay(request: Request, report: SystemReport) -> list[Condition]:
    if not report.relay_ok:
        return [
            Condition(
                level="problem",
                text=request.site.texts.heard(request.language, report.relay_text),
                hint=request.t("Start the program again; nothing is lost by it. Send us the log."),
            )
        ]
    if report.oldest_pending_seconds > LATE:
        return [
            Condition(
                level="warning",
                text=request.t("Events wait to be worked on."),
                hint=request.t("It should get less by itself. If it does not, look at what failed below."),
            )
        ]
    return [Condition(level="good", text=request.t("Events are worked on as they come."))]
