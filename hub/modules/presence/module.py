"""The manifest of presence."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import PbxLinkLost
from hub.events.phones import PhonesChanged
from hub.kernel.hosts import Absence
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, Module, Permission, Scope, on_batch
from hub.kernel.web import DeskStrip
from hub.modules.presence import handlers, jobs, operations, web
from hub.modules.presence.api import PresenceApi, absent
from hub.modules.presence.scope import CHOOSE, VIEW
from hub.modules.presence.service_phones import TOPIC

_STAFF: dict[str, Scope] = {
    "owner": "all", "manager": "shop", "receptionist": "shop", "master": "shop", "mechanic": "shop",
    "storekeeper": "shop", "cashier": "shop", "accountant": "shop", "integration": "shop",
}  # fmt: skip
_SPEAKERS: dict[str, Scope] = {
    **dict.fromkeys(_STAFF, "own"), "owner": "all", "manager": "shop", "integration": "shop",
}  # fmt: skip

MODULE = Module(
    name="presence",
    title="Colleagues",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "calls"),
    api=PresenceApi,
    handlers=(
        on_batch((PhonesChanged, PbxLinkLost), handlers.on_pbx_facts),
    ),
    jobs=(every(minutes=1, run=jobs.end_choices, title="Who was away until a time is back"),),
    routes=web.routes,
    operations=operations.operations,
    permissions=(
        Permission(VIEW, "See which colleagues are free, talking, away", _STAFF),
        Permission(
            CHOOSE, "Say that one is away or not to be disturbed (shop: also for colleagues)", _SPEAKERS
        ),
    ),
    topics=(LiveTopic(TOPIC, VIEW),),
    absences=(Absence(name="presence.gone", find=absent),),
    strips=(
        DeskStrip(
            name="presence.colleagues", order=20, right=VIEW, path="/presence/strip",
            topics=(TOPIC, "call"), style="presence/presence.css",
        ),
    ),
)  # fmt: skip
