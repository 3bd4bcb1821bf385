"""The manifest of mailings."""

from __future__ import annotations

from pathlib import Path

from hub.events.consents import ConsentChanged
from hub.events.messages import MessageArrived, MessageSettled
from hub.kernel.jobs.definition import every, on_demand
from hub.kernel.manifest import LiveTopic, MenuBadge, MenuItem, Module, Permission, Worker, on
from hub.modules.mailings import (
    feeder,
    handlers,
    jobs,
    operations,
    service_clients,
    web,
    web_doing,
    web_files,
)
from hub.modules.mailings.api import MailingsApi
from hub.modules.mailings.scope import APPROVE, EDIT, EXPORT, TOPIC, VIEW
from hub.modules.mailings.service_flow import WORKER
from hub.modules.mailings.service_quarantine import HELD

MODULE = Module(
    name="mailings",
    title="Mailings",
    feature="3.9",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "messaging", "imports", "consents"),
    api=MailingsApi,
    handlers=(
        on(MessageSettled, handlers.on_message_settled),
        on(MessageArrived, handlers.on_message_arrived),
        on(ConsentChanged, handlers.on_consent_changed),
    ),
    routes=(*web_files.routes, *web.routes, *web_doing.routes),
    operations=operations.operations,
    menu=(MenuItem("Mailings", "/mailings", VIEW, "send", order=34, badge=MenuBadge(web.badge, (TOPIC,))),),
    jobs=(
        on_demand(run=jobs.count, title="Make the list of a mailing", right=EDIT, alone=False),
        every(hours=24, run=jobs.forget, title="Forget files of numbers of mailings that are over"),
    ),
    workers=(Worker(WORKER, feeder.feed),),
    held=HELD,
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    permissions=(
        Permission(VIEW, "See mailings and what came of them", {"owner": "all", "manager": "shop"}),
        Permission(EDIT, "Write mailings, and stop them", {"owner": "all", "manager": "shop"}),
        Permission(APPROVE, "Approve mailings of others", {"owner": "all", "manager": "shop"}),
        Permission(EXPORT, "Export lists and results of mailings", {"owner": "all"}),
    ),
    topics=(LiveTopic(TOPIC, VIEW),),
)
