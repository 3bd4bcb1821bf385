"""What was tried several times and given up."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.request import Request


async def look(request: Request, report: SystemReport) -> SystemSection:
    """The list, with a button to try again."""
    count = report.dead_deliveries
    figures = {"pitline_deliveries_dead": float(count)}
    if not count:
        fine = Condition(level="good", text=request.t("Nothing has failed."))
        return SystemSection(conditions=(fine,), figures=figures)
    dead = await request.site.installation.system.dead_letters()
    condition = Condition(
        level="problem",
        text=request.t("Deliveries that failed and were given up: {count}", count=count),
        hint=request.t("What came after them went on. Retry when the reason is gone."),
        since=min((letter.occurred_at for letter in dead), default=None),
    )
    return SystemSection(
        conditions=(condition,), template="system/dead_letters.html", values={"dead": dead}, figures=figures
    )
