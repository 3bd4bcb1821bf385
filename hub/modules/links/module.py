"""The manifest of links."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every
from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS
from hub.modules.links import jobs, service_clients, web
from hub.modules.links.api import LinksApi

MODULE = Module(
    name="links",
    title="Links for clients",
    feature=BASIS,
    folder=Path(__file__).parent,
    requires=("access", "crm"),
    api=LinksApi,
    routes=web.routes,
    links=(web.CONFIRM,),
    jobs=(every(hours=24, run=jobs.tidy, title="Forget links for clients that are over"),),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
)
