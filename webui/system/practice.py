"""Buttons of the practice exchange, where there is one."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """What can be played; empty in a real shop."""
    practice = request.deps.practice
    if practice is None:
        return SystemSection()
    return SystemSection(template="system/practice.html", values={"rehearsals": practice.rehearsals()})
