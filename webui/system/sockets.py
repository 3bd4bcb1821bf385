"""Browsers and programs on /live."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """How many watch."""
    count = len(request.site.sockets)
    text = request.t("Open pages that are told of every change: {count}", count=count)
    return SystemSection(
        conditions=(Condition(level="good", text=text),), figures={"pitline_live_sockets": count}
    )
