"""The desk's manifest."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, MenuItem, Module, PageScript, Permission
from hub.modules.desk import jobs, web, web_api, web_card
from hub.modules.desk.api import DeskApi

MODULE = Module(
    name="desk",
    title="Desk",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls"),
    api=DeskApi,
    routes=web.routes,
    operations=web_api.operations,
    card=web_card.parts,
    menu=(MenuItem("Desk", "/desk", "desk.use", "phone-ringing", order=10),),
    permissions=(
        Permission(
            "desk.use",
            "See the desk: who rings, and the caller's card",
            {"owner": "all", "manager": "shop", "receptionist": "shop", "master": "shop"},
        ),
    ),
    scripts=(PageScript("desk/pop.js", "desk.use"),),
    topics=(LiveTopic("desk", "desk.use"),),
    jobs=(every(hours=6, run=jobs.forget_dismissals, title="Clear the desk of old calls"),),
)
