"""The manifest of imports."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every, on_demand
from hub.kernel.manifest import Module, Permission
from hub.kernel.web import SettingsItem
from hub.modules.imports import jobs, operations, web
from hub.modules.imports.api import ImportsApi

MODULE = Module(
    name="imports",
    title="Import",
    feature="3.1",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls"),
    api=ImportsApi,
    routes=web.routes,
    operations=operations.operations,
    permissions=(Permission(web.RIGHT, "Take in clients from files", {"owner": "all", "manager": "shop"}),),
    settings=(
        SettingsItem(
            title="Import",
            text="Clients and cars from Excel, CSV, a phone or Google",
            path="/imports",
            right=web.RIGHT,
            icon="download",
            group="care",
            order=50,
        ),
    ),
    jobs=(
        on_demand(run=jobs.take_in, title="Take a file in", right=web.RIGHT, alone=False),
        every(hours=6, run=jobs.forget_old, title="Forget old uploaded files"),
    ),
)
