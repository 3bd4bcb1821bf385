"""The manifest of wrap-up."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CallMerged
from hub.kernel.manifest import Module, Permission, on
from hub.kernel.web import SettingsItem
from hub.modules.wrapup import filters, handlers, operations, web, web_card
from hub.modules.wrapup.api import WrapUpApi
from hub.modules.wrapup.scope import EDIT

MODULE = Module(
    name="wrapup",
    title="Wrap-up",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "tasks"),
    api=WrapUpApi,
    handlers=(on(CallMerged, handlers.on_call_merged),),
    routes=web.routes,
    operations=operations.operations,
    card=web_card.parts,
    filters=filters.filters,
    permissions=(
        Permission(
            EDIT, "Choose the words for results and tags of calls", {"owner": "all", "manager": "all"}
        ),
    ),
    settings=(
        SettingsItem(
            title="Results and tags",
            text="What came of a call, chosen by two keys when it is over",
            path="/settings/wrap-up",
            right=EDIT,
            icon="checks",
            group="phone",
            order=30,
        ),
    ),
)
