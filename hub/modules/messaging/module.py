"""The manifest of messaging."""

from __future__ import annotations

from pathlib import Path

from hub.events.consents import ConsentChanged, StopWordHeard
from hub.events.crm import ClientNumberReleased, ClientPhoneAdded
from hub.events.messages import (
    MessageBarred,
    MessageReceived,
    MessagesDeleted,
    MessageSentElsewhere,
    MessageStatusChanged,
    ReachChanged,
)
from hub.kernel.backup.areas import FileArea
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import (
    LiveTopic,
    MenuBadge,
    MenuItem,
    Module,
    Permission,
    Scope,
    Worker,
    on,
    on_batch,
)
from hub.kernel.web import SettingsItem
from hub.modules.messaging import (
    asking,
    fetcher,
    handlers,
    jobs,
    operations,
    operations_threads,
    sender,
    service_clients,
    web,
    web_card,
    web_doing,
    web_files,
    web_link,
    web_system,
    web_templates,
)
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
    requires=("access", "crm", "calls", "tasks", "consents", "links"),
    api=MessagingApi,
    handlers=(
        on_batch((MessageReceived,), handlers.on_message_received),
        on_batch((MessageStatusChanged,), handlers.on_message_status_changed),
        on(MessageBarred, handlers.on_message_barred),
        on(MessageSentElsewhere, handlers.on_message_sent_elsewhere),
        on(MessagesDeleted, handlers.on_messages_deleted),
        on(ReachChanged, handlers.on_reach_changed),
        on(ClientPhoneAdded, handlers.on_client_phone_added),
        on(ClientNumberReleased, handlers.on_client_number_released),
        on(ConsentChanged, handlers.on_consent_changed),
        on(StopWordHeard, handlers.on_stop_word_heard),
    ),
    routes=(*web_templates.routes, *web_files.routes, *web.routes, *web_doing.routes),
    operations=(*operations.operations, *operations_threads.operations),
    links=web_link.links,
    card=web_card.parts,
    system=web_system.parts,
    menu=(
        MenuItem(
            "Messages", "/inbox", VIEW, "message-2", order=12, badge=MenuBadge(web.badge, ("conversation",))
        ),
    ),
    settings=(
        SettingsItem(
            title="Templates and answers",
            text="Texts for messages, and the answers that the keys 1 to 9 send during a call",
            path=web_templates.PAGE,
            right=SETTINGS,
            icon="message-2",
            group="shop",
            order=60,
        ),
    ),
    jobs=(
        every(minutes=1, run=jobs.wake, title="Bring back conversations that were put off"),
        every(hours=6, run=jobs.tidy, title="Remove files of messages that nobody sent or that were erased"),
    ),
    workers=(
        Worker("messaging", sender.send),
        Worker("messaging_files", fetcher.fetch),
        Worker("messaging_states", asking.ask),
    ),
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
