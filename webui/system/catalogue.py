"""Our own parts of /system, in order. Another one: a file beside this with a `look`, and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hub.kernel.context import SystemReport
from hub.kernel.web import SystemSection
from webui.request import Request
from webui.system import (
    approvals,
    connections,
    dead_letters,
    disk,
    door,
    engine,
    hooks,
    jobs,
    log,
    practice,
    sealing,
    sockets,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPart:
    """As hub.kernel.web.SystemPart, but it works without the database: it opens its own units of work
    (`request.reading()`) if it needs any, and is given the machinery's report, which is read once."""

    name: str
    order: int
    title: str
    icon: str
    look: Callable[[Request, SystemReport], Awaitable[SystemSection]]
    right: str = "system.view"


OWN_PARTS: tuple[OwnPart, ...] = (
    OwnPart(
        name="approvals", order=5, title="Waits for a second person", icon="user-check", look=approvals.look
    ),
    OwnPart(
        name="connections", order=10, title="Connections", icon="plug-connected", look=connections.look
    ),
    OwnPart(name="engine", order=30, title="Database and events", icon="database", look=engine.look),
    OwnPart(
        name="dead_letters", order=40, title="Failed deliveries", icon="mail", look=dead_letters.look
    ),
    OwnPart(name="hooks", order=42, title="What providers send", icon="plug", look=hooks.look),
    OwnPart(name="jobs", order=45, title="Work by the clock", icon="clock", look=jobs.look),
    OwnPart(name="disk", order=50, title="Disk and journal", icon="server", look=disk.look),
    OwnPart(name="sockets", order=60, title="Browsers that watch", icon="users", look=sockets.look),
    OwnPart(name="door", order=70, title="The way to this page", icon="shield-lock", look=door.look),
    OwnPart(name="sealing", order=75, title="Sealed secrets", icon="key", look=sealing.look),
    OwnPart(
        name="log", order=80, title="Log and help", icon="file-text", look=log.look, right="system.manage"
    ),
    OwnPart(name="practice", order=90, title="Make it ring", icon="phone-ringing", look=practice.look),
)  # fmt: skip
