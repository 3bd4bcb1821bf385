"""What the hub answers by itself, right after somebody's word. Never commits."""

from __future__ import annotations

from hub.errors import Conflict
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.messaging.models import Message
from hub.modules.messaging.rules import PRIORITIES, clean_text
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_outgoing import SHUT_OUT, OutgoingService, more_of
from hub.modules.messaging.service_settling import Settling
from hub.modules.messaging.views import MessageEntry


class AnsweringService:
    """Answers that nobody waits beside: what keeps one back is for colleagues to read in the thread."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)
        self._outgoing = OutgoingService(uow, deps)
        self._settling = Settling(uow, deps)

    async def answer(self, entry: MessageEntry) -> bool:
        """Queue this answer, in a thread, by a channel and an address. Where it may not go out (they have
        shut us out meanwhile, the channel is off), it stands in the thread as failed, with the reason:
        False. Raises Invalid, NotFound."""
        try:
            await self._outgoing.queue(entry)
        except Conflict as fault:
            await self._keep_back(entry, fault.text)
            return False
        return True

    async def _keep_back(self, entry: MessageEntry, why: str) -> None:
        row = await self._book.row(entry.conversation_id or "", lock=True)
        channel, address = entry.channel or "", entry.address or ""
        known = await self._book.address(channel, address)
        if known is not None and known.is_blocked:
            why = SHUT_OUT
        message = Message(
            id=new_id(self._clock), rev=1, shop_id=row.shop_id, conversation_id=row.id, channel=channel,
            account=known.account if known is not None else "", address=address, direction="outbound",
            state="queued", text=clean_text(entry.text), provider_id=None, created_at=self._clock.now(),
            actor=self._uow.actor, author=entry.author, cause=entry.cause, purpose=entry.purpose,
            priority=PRIORITIES.index(entry.priority), more=more_of(entry, clean_text(entry.text)),
        )  # fmt: skip
        self._session.add(message)
        await self._session.flush()
        row.last_at, row.last_n = message.created_at, message.n
        await self._settling.settle(message, "failed", at=message.created_at, error=why)
