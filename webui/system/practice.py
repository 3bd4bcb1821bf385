"""Buttons of the practice exchange, where there is one."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """What can be played; empty in a real shop."""
    practice, phones = request.deps.practice, request.deps.practice_phones
    if practice is None and not phones:
        return SystemSection()
    rehearsals = practice.rehearsals() if practice is not None else ()
    return SystemSection(
        template="system/practice.html", values={"rehearsals": rehearsals, "has_phone": bool(phones)}
    )
