"""The manifest of reports."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.manifest import MenuItem, Module, Permission
from hub.modules.reports import operations, web
from hub.modules.reports.api import ReportsApi
from hub.modules.reports.scope import EXPORT, VIEW

MODULE = Module(
    name="reports",
    title="Reports",
    feature="4.2",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "tasks"),
    api=ReportsApi,
    routes=web.routes,
    operations=operations.operations,
    menu=(MenuItem("Reports", "/reports/calls", VIEW, "chart-bar", order=60),),
    permissions=(
        Permission(
            VIEW, "See reports on calls (own: only of calls one took part in)",
            {"owner": "all", "manager": "shop", "receptionist": "own", "integration": "shop"},
        ),
        Permission(EXPORT, "Take reports away as a file", {"owner": "all", "manager": "shop"}),
    ),
)  # fmt: skip
