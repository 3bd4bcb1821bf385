"""What happens to threads past us: the shop writes in its own app, messages are taken back, a chat is closed
to us. Never commits; may run twice."""

from __future__ import annotations

from sqlalchemy import select

from hub.events.messages import MessagesDeleted, MessageSentElsewhere, MessageSettled, ReachChanged
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.messaging.models import Conversation, File, Message
from hub.modules.messaging.rules import LONGEST_TEXT
from hub.modules.messaging.service_book import ThreadBook

_LONGEST_NAME = 200


class ElsewhereService:
    """Facts of the connectors that no message of a client's is."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)

    async def sent(self, event: MessageSentElsewhere) -> None:
        """It stands in the thread as ours: whoever waited has an answer. The second arrival is silence."""
        key = self._book.key_of(event.channel, event.address)
        match = await self._book.owner_of(key)
        row, _ = await self._book.thread_for(
            event.channel, event.account, event.address, client_id=match.client_id, at=event.written_at
        )
        known = await self._ours(event.channel, event.address, (event.provider_id,))
        edited = await self._ours(event.channel, event.address, (event.edits or "",))
        if known:
            return
        if edited:
            self._edit(edited[0], event, row)
            return
        message = await self._store(event, row)
        if row.last_n is None or message.created_at >= row.last_at:
            row.last_at, row.last_n = message.created_at, message.n
        if row.waiting_since is None or row.waiting_since <= message.created_at:
            row.waiting_since, row.unread = None, 0
        self._book.touch(row)
        self._uow.publish(
            MessageSettled(
                message_id=message.id, conversation_id=row.id, client_id=row.client_id, channel=event.channel,
                address=event.address, state="sent",
            ),
            external_id=f"elsewhere:{message.id}",
        )  # fmt: skip

    async def deleted(self, event: MessagesDeleted) -> None:
        """They stay readable for the shop, marked as taken back."""
        query = select(Message).where(
            Message.channel == event.channel, Message.address == event.address,
            Message.provider_id.in_(event.provider_ids),
        )  # fmt: skip
        for message in await self._book.messages(query):
            if "deleted_at" not in message.more:
                message.more = {**message.more, "deleted_at": self._clock.now().isoformat()}
                message.rev += 1
                self._book.touch(await self._book.row(message.conversation_id))

    async def reach(self, event: ReachChanged) -> None:
        """The address takes nothing of us any more, or does again."""
        address = await self._book.address(event.channel, event.address)
        if address is None:
            return
        row = await self._book.row(address.conversation_id, lock=True)
        await self._session.refresh(address)
        if address.is_blocked != event.is_blocked:
            address.is_blocked = event.is_blocked
            self._book.touch(row)

    async def _ours(self, channel: str, address: str, provider_ids: tuple[str, ...]) -> list[Message]:
        query = select(Message).where(
            Message.channel == channel, Message.address == address, Message.direction == "outbound",
            Message.provider_id.in_(provider_ids),
        )  # fmt: skip
        return list((await self._session.scalars(query)).all())

    def _edit(self, message: Message, event: MessageSentElsewhere, row: Conversation) -> None:
        if message.edited_at is None or message.edited_at <= event.written_at:
            message.text, message.edited_at = event.text[:LONGEST_TEXT], event.written_at
            message.rev += 1
            self._book.touch(row)

    async def _store(self, event: MessageSentElsewhere, row: Conversation) -> Message:
        more: dict[str, object] = {"answers": event.answers} if event.answers else {}
        if event.place is not None:
            more["place"] = {"latitude": event.place.latitude, "longitude": event.place.longitude}
        message = Message(
            id=new_id(self._clock), rev=1, shop_id=row.shop_id, conversation_id=row.id, channel=event.channel,
            account=event.account, address=event.address, direction="outbound", state="sent",
            text=event.text[:LONGEST_TEXT], provider_id=event.provider_id, created_at=event.written_at,
            settled_at=event.written_at, author=event.writer[:_LONGEST_NAME], more=more, error="", cause="",
            priority=0, tries=0, finds=0, parts=0, answers="",
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
