"""What people do with threads: take, close, put off, note, say whose it is, decide. Never commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.conditions import is_not_closed
from hub.modules.messaging.models import Conversation, Message, Note
from hub.modules.messaging.rules import clean_text
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_outgoing import WORKER
from hub.modules.messaging.service_settling import Settling
from hub.modules.messaging.views import NoteView, Shops

LONGEST_NOTE = 2000
ANSWERING = timedelta(seconds=15)
_FURTHEST = timedelta(days=366)


class ThreadService:
    """Commands on threads; each says which shops' threads may be meant."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)
        self._crm = CrmApi(uow, deps)
        self._settling = Settling(uow, deps)

    async def read(self, conversation_id: str, shops: Shops) -> None:
        """Somebody has looked at it; whether an answer is owed is another matter."""
        row = await self._book.row(conversation_id, shops, lock=True)
        if row.unread:
            row.unread = 0
            self._book.touch(row)

    async def unread(self, conversation_id: str, shops: Shops) -> None:
        """It is to be looked at again."""
        row = await self._book.row(conversation_id, shops, lock=True)
        row.unread = max(1, row.unread)
        self._book.touch(row)

    async def ask(self, conversation_id: str, shops: Shops) -> None:
        """They have asked something that a person is to answer, without a word of their own: by a button."""
        row = await self._book.row(conversation_id, shops, lock=True)
        row.state, row.snoozed_until, row.unread = "open", None, max(1, row.unread)
        row.waiting_since = row.waiting_since or self._clock.now()
        self._book.touch(row)

    async def own(self, conversation_id: str, owner_id: str | None, shops: Shops) -> None:
        """Whose it is among us. Raises NotFound for a person whom one may not see."""
        row = await self._book.row(conversation_id, shops, lock=True)
        if owner_id is not None:
            await AccessApi(self._uow, self._deps).person(owner_id, shops)
        row.owner_id = owner_id
        self._book.touch(row)

    async def close(self, conversation_id: str, shops: Shops) -> None:
        """Nothing is owed any more; the next word of theirs opens it again."""
        row = await self._book.row(conversation_id, shops, lock=True)
        row.state, row.unread, row.waiting_since, row.snoozed_until = "closed", 0, None, None
        self._book.touch(row)

    async def reopen(self, conversation_id: str, shops: Shops) -> None:
        """It goes on."""
        row = await self._book.row(conversation_id, shops, lock=True)
        row.state, row.snoozed_until = "open", None
        self._book.touch(row)

    async def snooze(self, conversation_id: str, until: datetime, shops: Shops) -> None:
        """Put it off; it comes back by itself then, or when they write. Raises Invalid."""
        now = self._clock.now()
        if not now < until < now + _FURTHEST:
            raise Invalid(
                "messaging.snooze", "Choose a time to come.", fields={"until": "A time to come"}
            )  # fmt: skip
        row = await self._book.row(conversation_id, shops, lock=True)
        row.state, row.snoozed_until, row.unread = "snoozed", until, 0
        self._book.touch(row)

    async def wake(self) -> int:
        """Those whose time has come. How many."""
        query = select(Conversation).where(
            is_not_closed(), Conversation.state == "snoozed", Conversation.snoozed_until <= self._clock.now()
        )
        rows = (await self._session.scalars(query.with_for_update(skip_locked=True))).all()
        for row in rows:
            row.state, row.snoozed_until, row.unread = "open", None, max(1, row.unread)
            self._book.touch(row)
        return len(rows)

    async def note(self, conversation_id: str, text: str, author: str, shops: Shops) -> NoteView:
        """For colleagues only. The same words by the same person again are one note. Raises Invalid."""
        row = await self._book.row(conversation_id, shops, lock=True)
        text = clean_text(text)
        if not text or len(text) > LONGEST_NOTE:
            raise Invalid(
                "messaging.note", "Write a note first.", "Keep it short.", fields={"text": "A note"}
            )
        query = (
            select(Note)
            .where(Note.conversation_id == row.id)
            .order_by(Note.created_at.desc(), Note.id.desc())
        )
        last = (await self._session.scalars(query.limit(1))).first()
        if last is None or (last.text, last.actor) != (text, self._uow.actor):
            last = Note(
                id=new_id(self._clock), conversation_id=row.id, text=text, actor=self._uow.actor,
                author=author, created_at=self._clock.now(),
            )  # fmt: skip
            self._session.add(last)
            await self._session.flush()
            self._book.touch(row)
        return NoteView(id=last.id, text=last.text, author=last.author, created_at=last.created_at)

    async def answering(self, conversation_id: str, name: str, shops: Shops) -> None:
        """Somebody types an answer; colleagues see it for a moment."""
        row = await self._book.row(conversation_id, shops, lock=True)
        row.answering_by, row.answering_name = self._uow.actor, name
        row.answering_until = self._clock.now() + ANSWERING
        self._book.touch(row)

    async def choose(self, conversation_id: str, client_id: str | None, shops: Shops) -> str:
        """A person says whose it is (None: takes it back). The thread that it is now. Raises NotFound."""
        client = await self._crm.client(client_id) if client_id is not None else None
        whose = client.id if client is not None else None
        row = await self._book.row_to_give(conversation_id, whose, shops)
        return (await self._book.give(row, whose, is_chosen=whose is not None)).id

    async def decide(self, message_id: str, *, is_sent: bool, shops: Shops) -> None:
        """Of a message in doubt: it has arrived, or it is to be sent once more. Raises Conflict when nothing
        is to be decided."""
        message = await self._doubted(message_id, shops)
        now = self._clock.now()
        if is_sent:
            await self._settling.settle(message, "sent", at=now)
            return
        message.state, message.error, message.not_before = "queued", "", None
        message.finds, message.claim = 0, None
        message.not_after = now + timedelta(hours=self._deps.settings.messaging.give_up_hours)
        message.rev += 1
        self._book.touch(await self._book.row(message.conversation_id))
        self._uow.after_commit(lambda: self._deps.wake(WORKER))

    async def again(self, message_id: str, shops: Shops) -> None:
        """One that failed is tried once more. Raises Conflict."""
        message = await self._one(message_id, shops)
        if message.state != "failed" or not message.address:
            raise Conflict("messaging.not_failed", "This message has not failed.", "Look at it again.")
        if message.provider_id is not None:
            message.more = {
                **message.more,
                "former": [*message.more.get("former", ())[-4:], message.provider_id],
            }
        message.state, message.error, message.not_before, message.provider_id = "queued", "", None, None
        message.not_after = self._clock.now() + timedelta(hours=self._deps.settings.messaging.give_up_hours)
        message.rev += 1
        self._book.touch(await self._book.row(message.conversation_id))
        self._uow.after_commit(lambda: self._deps.wake(WORKER))

    async def _doubted(self, message_id: str, shops: Shops) -> Message:
        message = await self._one(message_id, shops)
        if message.state != "unknown":
            raise Conflict("messaging.decided", "This is decided already.", "Look at it again.")
        if message.not_before is not None:
            raise Conflict(
                "messaging.still_asked", "The provider is still being asked.", "Wait a few minutes."
            )
        return message

    async def _one(self, message_id: str, shops: Shops) -> Message:
        message = await self._book.message(message_id[:26].replace("\x00", ""))
        if message is None or (shops is not None and message.shop_id not in shops):
            raise NotFound("messaging.unknown_message", "There is no such message.")
        return message
