"""The manifest of crm."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, MenuBadge, MenuItem, Module, Permission, Scope
from hub.modules.crm import (
    exports,
    jobs,
    operations,
    operations_asked,
    operations_erasure,
    operations_history,
    operations_merge,
    operations_roles,
    operations_vehicles,
    web,
    web_asked,
    web_card,
    web_erasure,
    web_export,
    web_history,
    web_merge,
    web_ties,
    web_vehicles,
)
from hub.modules.crm.api import CrmApi
from hub.modules.crm.service_erasure import TOMBSTONES, TOPIC

_DESK: dict[str, Scope] = {
    "owner": "all",
    "manager": "shop",
    "receptionist": "shop",
    "master": "shop",
    "integration": "shop",
}

MODULE = Module(
    name="crm",
    title="Clients and cars",
    feature="3.1",
    folder=Path(__file__).parent,
    requires=("access",),
    api=CrmApi,
    exports=exports.exports,
    routes=(
        *web_merge.routes,
        *web_asked.routes,
        *web_erasure.routes,
        *web_export.routes,
        *web.routes,
        *web_vehicles.routes,
        *web_ties.routes,
        *web_history.routes,
    ),
    operations=(
        *operations.operations,
        *operations_vehicles.operations,
        *operations_roles.operations,
        *operations_history.operations,
        *operations_merge.operations,
        *operations_erasure.operations,
        *operations_asked.operations,
    ),
    card=(*web_card.parts, *web_asked.parts),
    tombstones=TOMBSTONES,
    jobs=(every(minutes=15, run=jobs.look_for_duplicates, title="Look for clients in two records"),),
    menu=(
        MenuItem(
            "Clients",
            "/clients",
            "clients.view",
            "users",
            order=30,
            badge=MenuBadge(web_asked.badge, (TOPIC,)),
        ),
        MenuItem("Vehicles", "/vehicles", "clients.view", "car", order=31),
    ),
    permissions=(
        Permission("clients.view", "See clients and their cars", _DESK),
        Permission("clients.edit", "Add and change clients and cars", _DESK),
        Permission(
            web_erasure.RIGHT, "Erase a person’s data on request", {"owner": "all", "manager": "shop"}
        ),
        Permission(
            web_asked.RIGHT,
            "Write down that somebody asks to be forgotten",
            {"owner": "all", "manager": "shop", "receptionist": "shop", "master": "shop"},
        ),
        Permission(web_export.RIGHT, "Export the clients", {"owner": "all"}),
        Permission(
            "clients.merge", "Merge records of one client, and undo it", {"owner": "all", "manager": "shop"}
        ),
    ),
    topics=(
        LiveTopic("client", "clients.view"),
        LiveTopic("vehicle", "clients.view"),
        LiveTopic(TOPIC, web_erasure.RIGHT),
    ),
)
