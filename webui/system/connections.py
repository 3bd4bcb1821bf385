"""The links to the outside: how each is, since when, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, Level, SystemSection
from hub.ports.connector import Health
from webui.request import Request

TITLES: Mapping[str, str] = {
    "ami": "Line to the PBX",
    "practice_pbx": "Practice exchange",
    "redis": "Line between the processes",
    "telegram": "Telegram",
    "practice_telegram": "Practice Telegram",
    "practice_twilio": "Practice Twilio",
    "practice_provider": "Practice provider",
    "practice_mail": "Practice mail server",
    "twilio": "SMS by Twilio",
    "http_sms": "SMS and Viber by a provider",
    "http_sms_2": "SMS and Viber by a second provider",
    "email": "E-mail",
    "sftp_spool": "Recordings from another computer",
}
_LEVELS: Mapping[str, Level] = {
    "off": "idle", "stopped": "idle", "starting": "warning", "ready": "good", "not_ready": "problem",
    "auth_failed": "problem", "contested": "problem", "error": "problem",
}  # fmt: skip
_STATES: Mapping[str, str] = {
    "off": "{name} is not set up.",
    "stopped": "{name} is stopped.",
    "starting": "{name} is starting.",
    "ready": "{name} works.",
    "not_ready": "{name} cannot be reached.",
    "auth_failed": "{name} refuses our log-in.",
    "contested": "{name} is contested by another program.",
    "error": "{name} has failed.",
    "elsewhere": "{name} is held by another process.",
}
_STEPS: Mapping[str, str] = {
    "not_ready": "It is tried again by itself. Check address, network and whether the other side runs.",
    "auth_failed": "Check user name and secret in the settings and on the other side; it is tried again"
    " every five minutes.",
    "contested": "Stop the other program, or give it an account of its own.",
    "error": "It is tried again by itself. If it stays, the log tells more.",
    "off": "That is fine if you do not need it.",
    "elsewhere": "If that process dies, this one or another takes over within seconds.",
}


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """One condition for each connector; what it says of itself stands below."""
    health = request.site.installation.system.connectors()
    lost = [found for name, one in health.items() if (found := _lost(request, name, one)) is not None]
    return SystemSection(
        conditions=(*(_condition(request, name, one) for name, one in health.items()), *lost),
        template="system/connections.html",
        values={"said": [(_title(request, name), one) for name, one in health.items() if one.state != "off"]},
    )


def _condition(request: Request, name: str, health: Health) -> Condition:
    state = health.state
    level = _LEVELS.get(health.details.get("there", state), "warning")
    return Condition(
        level=level,
        text=request.t(_STATES.get(state, "{name} has failed."), name=_title(request, name)),
        hint=request.t(_STEPS.get(state, "")),
        since=None if state == "off" else health.since,
    )


def _lost(request: Request, name: str, health: Health) -> Condition | None:
    """What came while nobody listened, longer than the other side keeps it."""
    since, until = health.details.get("lost_since"), health.details.get("lost_until")
    if since is None or until is None:
        return None
    zone = ZoneInfo(request.deps.settings.shop.timezone)
    times = [f"{datetime.fromisoformat(one).astimezone(zone):%d.%m %H:%M}" for one in (since, until)]
    return Condition(
        level="warning",
        text=request.t(
            "{name}: what people wrote from {since} to {until} is lost, for nobody fetched it in time.",
            name=_title(request, name), since=times[0], until=times[1],
        ),
        hint=request.t("Look into the chats there: whoever wrote then waits for an answer."),
    )  # fmt: skip


def _title(request: Request, name: str) -> str:
    """One that nobody has named yet is called as its folder is."""
    return request.t(TITLES.get(name, name.replace("_", " ").capitalize()))
