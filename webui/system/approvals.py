"""What waits for a second person; nothing where nothing waits."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from hub.modules.access.api import AccessApi
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """As far as the viewer may decide it."""
    async with request.reading() as uow:
        waiting = await AccessApi(uow, request.deps).approvals.open_to(request.viewer)
    if not waiting:
        return SystemSection()
    text = request.t("Requests that wait for a second person: {count}", count=len(waiting))
    condition = Condition(level="warning", text=text, since=waiting[0].asked_at)
    return SystemSection(conditions=(condition,), template="system/approvals.html")
