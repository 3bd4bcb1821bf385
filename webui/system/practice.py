"""Buttons of the practice exchange, where there is one."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """What can be played; empty in a real shop."""
    practice, phone = request.deps.practice, request.deps.practice_phone
    if practice is None and phone is None:
        return SystemSection()
    rehearsals = practice.rehearsals() if practice is not None else ()
    return SystemSection(
        template="system/practice.html", values={"rehearsals": rehearsals, "has_phone": phone is not None}
    )
