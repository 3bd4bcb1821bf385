"""What people write to the shop, and what providers tell of what it wrote. Never commits; may run twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select

from hub.events.messages import MessageArrived, MessageReceived, MessageStatusChanged, is_for_the_bot
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.models import Address, Conversation, Early, File, Message
from hub.modules.messaging.rules import LONGEST_TEXT, OPEN_STATES, further
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_settling import Settling, turn_of
from hub.modules.tasks.api import TasksApi

_LONGEST_NAME = 200


class ArrivalService:
    """Facts of the connectors become messages in threads."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)
        self._tasks = TasksApi(uow, deps)
        self._settling = Settling(uow, deps)

    async def received(self, event: MessageReceived) -> None:
        """A message of theirs, or another wording of one. The second arrival is silence."""
        proven = self._book.key_of(event.channel, event.address, event.phone)
        match = await self._book.owner_of(proven)
        row, address = await self._book.thread_for(
            event.channel, event.account, event.address, client_id=match.client_id, at=event.written_at
        )
        if await self._is_known(event):
            return
        if event.edits is not None and await self._edited(event, row):
            return
        self._meet(address, event)
        if proven is not None and address.number_key != proven:
            address.number_key = proven
        if row.client_id is None and match.client_id is not None:
            row = await self._book.give(row, match.client_id, is_chosen=False)
        message = await self._store(event, row)
        is_for_people = not is_for_the_bot(event)
        self._wake(row, message, is_wanted=is_for_people and match.relation != "spam")
        if is_for_people:
            await self._tasks.client_wrote(row.client_id, proven, event.written_at)
        self._book.touch(row)
        self._uow.publish(
            MessageArrived(
                message_id=message.id, conversation_id=row.id, client_id=row.client_id, channel=event.channel,
                address=event.address, text=message.text, account=event.account, phone=event.phone,
                start=event.start, pressed=event.pressed, answers=event.answers, language=event.language,
            ),
            external_id=f"arrived:{message.id}",
        )  # fmt: skip

    async def told(self, event: MessageStatusChanged, at: datetime) -> None:
        """A provider tells how far one of ours has come; in any order, and perhaps before we know its id."""
        await self._uow.take_turn(turn_of(event.channel, event.provider_id))
        message = await self._told_of(event)
        if message is None:
            await self._remember(event, at)
            return
        if message.provider_id is None:
            message.provider_id = event.provider_id
        if further(message.state, event.state):
            self._settling.carried(message, event.carried_by)
            await self._settling.settle(message, event.state, error=event.error, at=at)
        if event.is_blocked:
            await self._settling.block(message, event.error)

    async def _is_known(self, event: MessageReceived) -> bool:
        query = select(Message.n).where(
            Message.channel == event.channel, Message.address == event.address,
            Message.direction == "inbound", Message.provider_id == event.provider_id,
        )  # fmt: skip
        return (await self._session.scalars(query)).first() is not None

    async def _edited(self, event: MessageReceived, row: Conversation) -> bool:
        """The other wording takes the place of the first; of one that we never saw it is a new message."""
        query = select(Message).where(
            Message.channel == event.channel, Message.address == event.address,
            Message.direction == "inbound", Message.provider_id == event.edits,
        )  # fmt: skip
        message = (await self._session.scalars(query)).first()
        if message is None:
            return False
        if message.edited_at is None or message.edited_at <= event.written_at:
            message.text, message.edited_at = event.text[:LONGEST_TEXT], event.written_at
            message.rev += 1
            self._book.touch(row)
        return True

    def _meet(self, address: Address, event: MessageReceived) -> None:
        """Who writes, by which account of ours; whoever writes takes messages again."""
        address.writer = event.writer[:_LONGEST_NAME] or address.writer
        address.language = (event.language or address.language or "")[:16] or None
        address.account, address.is_blocked = event.account, False
        address.heard_at = max(event.written_at, address.heard_at or event.written_at)

    async def _store(self, event: MessageReceived, row: Conversation) -> Message:
        said = {"start": event.start, "pressed": event.pressed, "answers": event.answers}
        more: dict[str, Any] = {name: value for name, value in said.items() if value}
        if event.place is not None:
            more["place"] = {"latitude": event.place.latitude, "longitude": event.place.longitude}
        message = Message(
            id=new_id(self._clock), rev=1, shop_id=row.shop_id, conversation_id=row.id, channel=event.channel,
            account=event.account, address=event.address, direction="inbound", state="received",
            text=event.text[:LONGEST_TEXT], provider_id=event.provider_id, created_at=event.written_at,
            author=event.writer[:_LONGEST_NAME], more=more, error="", cause="", priority=0, tries=0, finds=0,
            parts=0, answers="",
        )  # fmt: skip
        self._session.add(message)
        await self._session.flush()
        now = self._clock.now()
        for position, file in enumerate(event.attachments):
            self._session.add(
                File(
                    id=new_id(self._clock), message_id=message.id, position=position, channel=event.channel,
                    ref=file.ref, name=file.name[:_LONGEST_NAME], content_type=file.content_type[:120],
                    size=file.size or 0, state="waiting", path="", tries=0, not_before=now, actor=None,
                    created_at=now,
                )
            )  # fmt: skip
        return message

    def _wake(self, row: Conversation, message: Message, *, is_wanted: bool) -> None:
        """A thread that somebody writes into is open and waits; spam wakes nobody."""
        if row.last_n is None or message.created_at >= row.last_at:
            row.last_at, row.last_n = message.created_at, message.n
        if not is_wanted:
            return
        row.state, row.snoozed_until = "open", None
        row.unread += 1
        if row.waiting_since is None or message.created_at < row.waiting_since:
            row.waiting_since = message.created_at

    async def _told_of(self, event: MessageStatusChanged) -> Message | None:
        ours = (Message.channel == event.channel, Message.direction == "outbound")
        lock = {"populate_existing": True}
        if event.message_id is not None and len(event.message_id) <= 26:
            query = select(Message).where(Message.id == event.message_id, *ours).with_for_update()
            found = (await self._session.scalars(query.execution_options(**lock))).first()
            if found is not None and found.provider_id in (None, event.provider_id):
                return found
        query = select(Message).where(Message.provider_id == event.provider_id, *ours).with_for_update()
        return (await self._session.scalars(query.execution_options(**lock))).first()

    async def _remember(self, event: MessageStatusChanged, at: datetime) -> None:
        """While a message of that channel is on its way, its id may still be unknown to us."""
        some = (
            select(Message.n).where(is_state(state), Message.channel == event.channel).limit(1)
            for state in OPEN_STATES
        )
        if not (await self._session.scalars(select(or_(*(exists(one) for one in some))))).one():
            return
        early = await self._session.get(Early, (event.channel, event.provider_id))
        if early is None:
            early = Early(
                channel=event.channel, provider_id=event.provider_id, state=event.state, error=event.error,
                is_blocked=event.is_blocked, carried_by=event.carried_by, at=at,
            )  # fmt: skip
            self._session.add(early)
        elif further(early.state, event.state):
            early.state, early.error = event.state, event.error
            early.carried_by = event.carried_by or early.carried_by
