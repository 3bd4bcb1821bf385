"""The manifest of access."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every
from hub.kernel.manifest import MenuItem, Module, Permission, Scope
from hub.kernel.masking import NUMBERS
from hub.kernel.plans import BASIS
from hub.kernel.web import SettingsItem
from hub.modules.access import (
    jobs,
    operations_audit,
    operations_shops,
    web_hours,
    web_people,
    web_retention,
    web_shops,
)
from hub.modules.access.api import AccessApi
from hub.modules.access.operations import operations
from hub.modules.access.service_factors import SEALED
from hub.modules.access.service_restore import TOMBSTONES

_STAFF: dict[str, Scope] = {
    "owner": "all",
    "manager": "shop",
    "receptionist": "shop",
    "master": "shop",
    "integration": "shop",
}
_CALLERS: dict[str, Scope] = {
    **_STAFF,
    "storekeeper": "shop",
    "accountant": "shop",
    "fleet_manager": "shop",
}
"""Everybody but those who serve the car or the till, and ring nobody."""
_CHIEFS: dict[str, Scope] = {"owner": "all", "manager": "shop"}
_OWNER: dict[str, Scope] = {"owner": "all"}

MODULE = Module(
    name="access",
    title="People and rights",
    feature=BASIS,
    folder=Path(__file__).parent,
    api=AccessApi,
    routes=(*web_people.routes, *web_shops.routes, *web_hours.routes, *web_retention.routes),
    operations=(*operations, *operations_shops.operations, *operations_audit.operations),
    menu=(MenuItem("People", "/settings/people", "people.view", "id", order=80),),
    permissions=(
        Permission("people.view", "See the employees and their phones", _STAFF),
        Permission("people.edit", "Add and change employees below one's own role", _CHIEFS),
        Permission("people.secure", "Reset second factors, say who must have one", _OWNER),
        Permission("roles.manage", "Make own roles and change their rights", _OWNER),
        Permission(NUMBERS, "See telephone numbers whole; without it they are masked", _CALLERS),
        Permission("settings.view", "See the settings", _CHIEFS),
        Permission("settings.edit", "Change the settings", _OWNER),
        Permission("system.view", "See how the system is", _CHIEFS),
        Permission("system.manage", "Retry what failed, play practice calls", _OWNER),
        Permission("audit.view", "Read the audit log", _CHIEFS),
        Permission("tokens.manage", "Make and revoke tokens of programs", _OWNER),
    ),
    settings=(
        SettingsItem(
            title="Shops",
            text="Name, address, country, currency, language",
            path="/settings/shops",
            right="settings.view",
            icon="building-store",
            group="shop",
            order=10,
        ),
        SettingsItem(
            title="Opening hours",
            text="The week, breaks, holidays; whether it is open now",
            path="/settings/hours",
            right="settings.view",
            icon="clock",
            group="shop",
            order=20,
        ),
        SettingsItem(
            title="Keeping",
            text="How long journal, recordings and events are kept",
            path="/settings/retention",
            right="settings.view",
            icon="archive",
            group="care",
            order=30,
        ),
        SettingsItem(
            title="People",
            text="Employees, their phones and log-ins",
            path="/settings/people",
            right="people.view",
            icon="users",
            group="people",
            order=10,
        ),
    ),
    tombstones=TOMBSTONES,
    sealed=(SEALED,),
    jobs=(
        every(hours=1, run=jobs.forget_old_logins, title="Forget old log-ins"),
        every(hours=1, run=jobs.forget_old_answers, title="Forget old answers of the API"),
        every(hours=1, run=jobs.note_audit_head, title="Note where the audit log ends"),
    ),
)
