"""The manifest of queues."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.manifest import MenuItem, Module, Permission, Scope
from hub.kernel.web import SettingsItem
from hub.modules.queues import operations, web, web_settings, web_wall
from hub.modules.queues.api import QueuesApi
from hub.modules.queues.scope import SETTINGS, SUPERVISE, VIEW

_STAFF: dict[str, Scope] = {
    "owner": "all", "manager": "shop", "receptionist": "shop", "master": "shop", "integration": "shop",
}  # fmt: skip
_MANAGERS: dict[str, Scope] = {"owner": "all", "manager": "shop"}

MODULE = Module(
    name="queues",
    title="Queue board",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "presence", "dialling", "reports"),
    api=QueuesApi,
    routes=(*web.routes, *web_settings.routes, *web_wall.routes),
    operations=operations.operations,
    menu=(MenuItem("Queue board", "/queues", VIEW, "users", order=22),),
    permissions=(
        Permission(VIEW, "See the queue board", _STAFF),
        Permission(SUPERVISE, "Pause colleagues’ phones in the queues", _MANAGERS),
        Permission(SETTINGS, "Say when the queue board alarms; set up wall screens", _MANAGERS),
    ),
    settings=(
        SettingsItem(
            title="Queue board",
            text="When the board of the queues alarms, and screens on the wall",
            path="/settings/queues",
            right=SETTINGS,
            icon="users",
            group="phone",
            order=40,
        ),
    ),
)
