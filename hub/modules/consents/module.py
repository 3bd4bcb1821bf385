"""The manifest of consents."""

from __future__ import annotations

from pathlib import Path

from hub.events.messages import MessageArrived, MessageSettled
from hub.kernel.manifest import Module, Permission, on
from hub.modules.consents import handlers, service_clients
from hub.modules.consents.api import ConsentsApi
from hub.modules.consents.scope import EXPORT, GRANT, OPT_OUT, SETTINGS, VIEW

MODULE = Module(
    name="consents",
    title="Consents",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm"),
    api=ConsentsApi,
    handlers=(
        on(MessageArrived, handlers.on_message_arrived),
        on(MessageSettled, handlers.on_message_settled),
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
