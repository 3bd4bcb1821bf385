"""The manifest of webhooks."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, Module, Permission, Worker
from hub.kernel.plans import BASIS
from hub.kernel.web import SettingsItem, SystemPart
from hub.modules.webhooks import (
    jobs,
    operations,
    operations_events,
    outgoing,
    sender,
    web,
    web_log,
    web_system,
)
from hub.modules.webhooks.api import WebhooksApi
from hub.modules.webhooks.scope import EVENTS, MANAGE
from hub.modules.webhooks.sealing import SEALED
from hub.modules.webhooks.service_quarantine import HELD

MODULE = Module(
    name="webhooks",
    title="Webhooks",
    feature=BASIS,
    folder=Path(__file__).parent,
    requires=("access",),
    api=WebhooksApi,
    routes=(*web.routes, *web_log.routes),
    operations=(*operations.operations, *operations_events.operations),
    permissions=(
        Permission(MANAGE, "Say which programs are told of events", {"owner": "all", "integration": "shop"}),
        Permission(
            EVENTS,
            "Read every event, clients' numbers among them, by the API",
            {"owner": "all", "manager": "shop", "integration": "shop"},
        ),
    ),
    jobs=(every(minutes=10, run=jobs.forget_old, title="Forget old webhooks, park those that are late"),),
    observer=outgoing.observe,
    held=HELD,
    sealed=SEALED,
    workers=(Worker("webhooks", sender.send),),
    system=(SystemPart(name="webhooks", order=45, title="Webhooks", icon="send", look=web_system.look),),
    settings=(
        SettingsItem(
            title="Webhooks",
            text="Programs that are told at once what happens",
            path="/settings/webhooks",
            right=MANAGE,
            icon="send",
            group="programs",
            order=20,
        ),
    ),
    topics=(LiveTopic(sender.TOPIC, MANAGE),),
)
