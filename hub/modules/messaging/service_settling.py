"""What became of messages of ours: written, told to whoever wants to know. Never commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete

from hub.events.messages import MessageSettled, MessageState
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import map_link
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.messaging.models import Early, Message
from hub.modules.messaging.rules import further
from hub.modules.messaging.rules_sms import sms_count
from hub.modules.messaging.service_book import ThreadBook

LONGEST_ERROR = 500


def turn_of(channel: str, provider_id: str) -> str:
    """What a provider tells and what we note of the same message take turns by it."""
    return f"messaging:told:{channel}:{provider_id}"


class Carried(Protocol):
    """A message as far as it may have gone by another channel than its own."""

    @property
    def channel(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def more(self) -> Mapping[str, Any]: ...
    @property
    def parts(self) -> int: ...
    @property
    def carried_by(self) -> str: ...


def carried(message: Carried, by: str) -> tuple[str, int]:
    """Which channel brought it (empty: its own), and how many parts it has."""
    if not by or by == message.carried_by:
        return message.carried_by, message.parts
    parts = _parts_of(message) if by == "sms" else message.parts
    return (by if by != message.channel else "", parts)


class Settling:
    """Moves messages on."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._book = ThreadBook(uow, deps)
        self._consents = ConsentsApi(uow, deps)

    async def settle(self, message: Message, state: MessageState, *, at: datetime, error: str = "") -> None:
        """It is in this state now; the thread, which is locked, shows it."""
        message.state, message.error = state, error[:LONGEST_ERROR]
        message.claim, message.claimed_until, message.settled_at = None, None, at
        message.rev += 1
        row = await self._book.row(message.conversation_id)
        self._book.touch(row)
        self._uow.publish(
            MessageSettled(
                message_id=message.id, conversation_id=row.id, client_id=row.client_id,
                channel=message.channel, address=message.address, state=state, error=message.error,
            )
        )  # fmt: skip

    def carried(self, message: Message, by: str) -> None:
        """Which channel brought it, where the provider had several; an SMS has parts."""
        message.carried_by, message.parts = carried(message, by)

    async def went(self, message: Message, provider_id: str, parts: int, at: datetime) -> None:
        """The provider has it; what it told of it before we knew its id comes in now. The turn of that id is
        taken."""
        message.provider_id = message.provider_id or provider_id
        message.parts = parts or message.parts or (_parts_of(message) if message.channel == "sms" else 0)
        early = await self._session.get(Early, (message.channel, message.provider_id))
        state: MessageState = "sent"
        if early is not None:
            state = early.state
            await self._session.execute(
                delete(Early).where(Early.channel == early.channel, Early.provider_id == early.provider_id)
            )
            self._session.expunge(early)
        if state in ("sent", "delivered", "read", "failed") and further(message.state, state):
            await self.settle(message, state, at=at, error=early.error if early is not None else "")
        if early is not None:
            self.carried(message, early.carried_by)
        if early is not None and early.is_blocked:
            await self.block(message, early.error)

    async def block(self, message: Message, why: str) -> None:
        """The address takes nothing of us any more, the provider says why; the ledger has it too."""
        address = await self._book.address(message.channel, message.address)
        if address is None or address.is_blocked:
            return
        address.is_blocked = True
        row = await self._book.row(message.conversation_id)
        self._book.touch(row)
        whose = Subject(client_id=row.client_id, channel=message.channel, address=message.address)
        await self._consents.ledger.provider_blocked(whose, why, f"provider:{message.id}")

    async def barred(self, message_id: str, why: str) -> None:
        """As `block`, of the message with this id."""
        message = await self._book.message(message_id)
        if message is not None:
            await self.block(message, why)


def _parts_of(message: Carried) -> int:
    """Of an SMS where the provider does not count them: a point on the map is a link in its text."""
    point = message.more.get("place")
    link = f"\n{map_link(point['latitude'], point['longitude'])}" if point else ""
    return sms_count(f"{message.text}{link}".strip()).parts
