"""The last lines of the log, and the file for whoever helps."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """How many of the lines tell of trouble."""
    lines = request.site.installation.support.lines
    bad = len(lines.lines("warning"))
    said = request.t("Nothing of the last lines is a warning.")
    if bad:
        said = request.t("Warnings and errors among the last lines: {count}", count=bad)
    condition = Condition(level="idle" if bad or not lines.room else "good", text=said)
    return SystemSection(conditions=(condition,), template="system/log.html", values={"room": lines.room})
