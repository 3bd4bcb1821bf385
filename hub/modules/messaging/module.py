"""The manifest of messaging."""

from __future__ import annotations

from pathlib import Path

from hub.events.crm import ClientNumberReleased, ClientPhoneAdded
from hub.events.messages import MessageReceived, MessageStatusChanged
from hub.kernel.backup.areas import FileArea
from hub.kernel.manifest import LiveTopic, Module, Permission, Scope, Worker, on
from hub.modules.messaging import handlers, operations, sender, service_clients
from hub.modules.messaging.api import MessagingApi
from hub.modules.messaging.scope import SEND, SETTINGS, VIEW
from hub.modules.messaging.service_book import TOPIC
from hub.modules.messaging.service_quarantine import HELD

_DESK: dict[str, Scope] = {
    "owner": "all",
    "manager": "shop",
    "receptionist": "shop",
    "integration": "shop",
}

MODULE = Module(
    name="messaging",
    title="Messages",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "tasks"),
    api=MessagingApi,
    handlers=(
        on(MessageReceived, handlers.on_message_received),
        on(MessageStatusChanged, handlers.on_message_status_changed),
        on(ClientPhoneAdded, handlers.on_client_phone_added),
        on(ClientNumberReleased, handlers.on_client_number_released),
    ),
    operations=operations.operations,
    workers=(Worker("messaging", sender.send),),
    held=HELD,
    files=(FileArea("attachments", lambda settings: Path(settings.messaging.files)),),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    permissions=(
        Permission(VIEW, "Read messages with clients", _DESK),
        Permission(SEND, "Write to clients", _DESK),
        Permission(SETTINGS, "Write templates and prepared answers", {"owner": "all", "manager": "all"}),
    ),
    topics=(LiveTopic(TOPIC, VIEW),),
)
