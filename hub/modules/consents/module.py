"""The manifest of consents."""

from __future__ import annotations

from pathlib import Path

from hub.events.consents import StopWordSaid
from hub.events.links import LinkConfirmed
from hub.events.messages import MessageArrived, MessageSettled, ReachChanged
from hub.kernel.manifest import Module, Permission, on, on_batch
from hub.kernel.web import SettingsItem
from hub.modules.consents import (
    exports,
    handlers,
    operations,
    service_clients,
    web,
    web_card,
    web_link,
    web_settings,
)
from hub.modules.consents.api import ConsentsApi
from hub.modules.consents.scope import EXPORT, GRANT, OPT_OUT, SETTINGS, VIEW

MODULE = Module(
    name="consents",
    title="Consents",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm", "links"),
    api=ConsentsApi,
    handlers=(
        on_batch((MessageArrived,), handlers.on_message_arrived),
        on_batch((MessageSettled,), handlers.on_message_settled),
        on(StopWordSaid, handlers.on_stop_word_said),
        on(ReachChanged, handlers.on_reach_changed),
        on(LinkConfirmed, handlers.on_link_confirmed),
    ),
    routes=(*web.routes, *web_settings.routes),
    operations=operations.operations,
    card=web_card.parts,
    links=web_link.links,
    exports=exports.exports,
    settings=(
        SettingsItem(
            title="Quiet hours and advertising",
            text="When nobody is written to by itself, and how often advertising goes out at most",
            path=web_settings.PAGE,
            right=SETTINGS,
            icon="moon",
            group="shop",
            order=62,
        ),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    permissions=(
        Permission(
            VIEW, "See what clients have agreed to",
            {"owner": "all", "manager": "all", "receptionist": "all", "integration": "all"},
        ),
        Permission(
            OPT_OUT, "End consents for clients",
            {"owner": "all", "manager": "all", "receptionist": "all", "integration": "all"},
        ),
        Permission(
            GRANT, "Record consents with their proof",
            {"owner": "all", "manager": "all", "receptionist": "all"},
        ),
        Permission(EXPORT, "Export the ledger of consents", {"owner": "all"}),
        Permission(
            SETTINGS, "Set quiet hours and how often advertising goes out", {"owner": "all", "manager": "all"}
        ),
    ),
)  # fmt: skip
