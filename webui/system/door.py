"""Whether what is typed here can be read on the way."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.guard import is_loopback
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """https is said by the public address; http on this machine itself is no danger."""
    server = request.deps.settings.server
    is_safe = server.public_url.startswith("https://")
    return SystemSection(
        conditions=(_condition(request, is_safe),), figures={"pitline_https": float(is_safe)}
    )


def _condition(request: Request, is_safe: bool) -> Condition:
    if is_safe:
        return Condition(level="good", text=request.t("Pages and passwords travel encrypted (https)."))
    if is_loopback(request.http, request.deps.settings.server):
        return Condition(
            level="good",
            text=request.t("This page is open on the computer that Pitline runs on; nothing travels."),
            hint=request.t("Before others sign in from elsewhere, put https in front of it."),
        )
    return Condition(
        level="warning",
        text=request.t("Passwords and clients' data travel unencrypted (http)."),
        hint=request.t(
            "Put a proxy with https in front of it and set HUB_SERVER__PUBLIC_URL to its address."
        ),
    )
