"""The manifest of dialling."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import PbxLinkRestored
from hub.events.commands import CommandSeen
from hub.events.presence import PresenceChosen
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, Module, PageScript, Permission, Scope, Subscription, Worker, on
from hub.kernel.web import SettingsItem
from hub.modules.dialling import (
    handlers,
    jobs,
    observing,
    operations,
    operations_steering,
    sender,
    service_clients,
    web,
    web_board,
    web_settings,
    web_steering,
)
from hub.modules.dialling.api import DiallingApi
from hub.modules.dialling.scope import CALL, LISTEN, SETTINGS, STEER
from hub.modules.dialling.service_state import TOPIC

_DESK: dict[str, Scope] = {
    "owner": "all",
    "manager": "shop",
    "receptionist": "shop",
    "master": "shop",
    "integration": "shop",
}

MODULE = Module(
    name="dialling",
    title="Calling out",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "presence"),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    api=DiallingApi,
    handlers=(
        Subscription(
            "dialling.on_pbx_facts", (CommandSeen, PbxLinkRestored), handle=handlers.on_pbx_facts
        ),
        on(PresenceChosen, handlers.on_presence_chosen),
    ),
    observer=observing.observe,
    jobs=(every(hours=24, run=jobs.forget_old, title="Forget orders to the PBX of more than a year ago"),),
    workers=(Worker("dialling", sender.send),),
    routes=(*web.routes, *web_steering.routes, *web_board.routes, *web_settings.routes),
    operations=(*operations.operations, *operations_steering.operations),
    card=web_steering.parts,
    board=web_board.parts,
    permissions=(
        Permission(CALL, "Call out by a click: one’s own phone rings first", _DESK),
        Permission(STEER, "Hang up, take, put through and park calls; pause one’s phone", _DESK),
        Permission(
            LISTEN,
            "Listen in to calls of colleagues, whisper to them, join as a third voice",
            {"owner": "all", "manager": "shop"},
        ),
        Permission(
            SETTINGS, "Say who may call where, and confirm calls above the limit",
            {"owner": "all", "manager": "shop"},
        ),
    ),
    scripts=(
        PageScript("dialling/dial.js", CALL),
        PageScript("dialling/board.js", STEER),
        PageScript("dialling/hearing.js", LISTEN),
    ),
    topics=(LiveTopic(TOPIC, CALL),),
    settings=(
        SettingsItem(
            title="Calling out",
            text="Calls by a click: who may call where, and which phones answer by themselves",
            path="/settings/dialling",
            right=SETTINGS,
            icon="phone-outgoing",
            group="phone",
            order=30,
        ),
    ),
)  # fmt: skip
