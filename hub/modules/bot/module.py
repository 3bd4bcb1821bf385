"""The manifest of the bot."""

from __future__ import annotations

from pathlib import Path

from hub.events.messages import MessageArrived
from hub.kernel.bot import BotMenu
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import Module, Permission, on
from hub.modules.bot import handlers, jobs, menus, menus_consent, operations, service_clients
from hub.modules.bot.api import BotApi
from hub.modules.bot.operations import LINK

MODULE = Module(
    name="bot",
    title="Bot for clients",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "consents", "messaging"),
    api=BotApi,
    handlers=(on(MessageArrived, handlers.on_message_arrived),),
    operations=operations.operations,
    bot=(
        BotMenu(
            name="bot.ready", title="Is my car ready?", answer=menus.ready, order=10, slot="ready",
            needs_client=True,
        ),
        BotMenu(name="bot.cars", title="My cars", answer=menus.my_cars, order=20, needs_client=True),
        BotMenu(name="bot.where", title="Where are you?", answer=menus.where, order=30),
        BotMenu(name=menus_consent.NAME, title="Offers and news", answer=menus_consent.offers, order=90),
    ),
    jobs=(every(hours=24, run=jobs.forget, title="Forget old buttons and links of the bot"),),
    permissions=(
        Permission(
            LINK, "Make links that tie a client’s chat to the client",
            {"owner": "all", "manager": "all", "receptionist": "all", "integration": "all"},
        ),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
)  # fmt: skip
