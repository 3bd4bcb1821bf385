"""A hub whose wire is a bot's, and clients who talk to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from hub.events.base import Event
from hub.events.messages import MessageArrived, MessageReceived
from hub.kernel.context import Apis
from hub.modules.bot.service_talks import TalkService
from hub.ports.messaging import Button, OutgoingMessage, Sent
from tests.factories.relays import settled
from tests.modules.messaging.wire import AT, House, Wire

CHAT, STRANGER = "4401", "4402"


@dataclass
class BotWire(Wire):
    """Implements ports.messaging.ChatBot as well; `said` is what stands in groups by its id, `faults` are
    raised instead. `answered` holds what presses were told."""

    name: str = "shop_bot"
    said: dict[str, tuple[str, str, tuple[Button, ...]]] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)

    async def bot_name(self) -> str:
        return self.name

    async def post(self, group: str, text: str, buttons: Sequence[Button] = (), *, answers: str = "") -> Sent:
        if self.faults:
            raise self.faults.pop(0)
        provider_id = f"G{len(self.said) + 1}"
        self.said[provider_id] = (group, text, tuple(buttons))
        self.posts.append(provider_id)
        return Sent(provider_id=provider_id)

    async def change(
        self, address: str, provider_id: str, text: str, buttons: Sequence[Button] = (), *, account: str = ""
    ) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.said[provider_id] = (address, text, tuple(buttons))
        self.changes.append(provider_id)

    async def answer_press(self, press: str, text: str = "", *, is_alert: bool = False) -> bool:
        self.answered[press] = text
        return True


def chat(number: int = 1, **more: Any) -> MessageReceived:
    """What somebody does in a chat with the bot; in Russian, unless it says something else."""
    values = {
        "channel": "telegram", "account": "bot", "address": CHAT, "provider_id": f"C{number}", "text": "",
        "written_at": AT, "language": "ru", **more,
    }  # fmt: skip
    return MessageReceived(**values)


async def hear(house: House, *events: MessageReceived) -> list[OutgoingMessage]:
    """They happen, each handler runs twice, and what the bot says is sent: this."""
    before = len(house.wire.ledger)
    for event in events:
        await house.tell(event)
    await settled(house.hub)
    async with house.uow(actor=None) as uow:
        query = text("SELECT payload FROM event_outbox WHERE name = 'message.arrived' ORDER BY id")
        stored = [row[0] for row in (await uow.session.execute(query)).all()]
    for payload in stored[len(stored) - len(events) :]:
        await again(house, house.hub.codec.decode("message.arrived", 1, payload))
    for _ in range(6):
        await house.sent()
    return house.wire.ledger[before:]


async def again(house: House, event: Event) -> None:
    """A handler may run twice."""
    assert isinstance(event, MessageArrived)
    deps, apis = house.hub.installation.deps, house.hub.installation.apis
    async with house.uow(actor=None) as uow:
        await TalkService(uow, deps, Apis(uow, deps, apis)).heard(event)


def titles(message: OutgoingMessage) -> list[str]:
    return [button.title for button in message.buttons]


def payload(message: OutgoingMessage, title: str) -> str:
    """Of the button with this title."""
    return next(button.payload for button in message.buttons if button.title == title)
