"""What is sent passes the gate of consents: when it is written down, and once more before it leaves. Never
commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select

from hub.errors import Conflict
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.api import REASONS, ConsentsApi, Sending, Verdict
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.models import Conversation, Message
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_settling import Settling
from hub.modules.messaging.views import MessageEntry
from hub.values import ShopId

_FREE = ("dialogue", "consent")
_OF_THE_WAY = ("landline", "provider_blocked")
"""Reasons that another channel or number may not have."""


class MessageGate:
    """Judges entries and rows of messages."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._shop_id = uow.shop_id
        self._clock = deps.clock
        self._consents = ConsentsApi(uow, deps)
        self._book = ThreadBook(uow, deps)
        self._settling = Settling(uow, deps)

    async def judge(
        self,
        entry: MessageEntry,
        channel: str,
        address: str,
        client_id: str | None,
        heard_at: datetime | None,
    ) -> Verdict:
        """May this go out by this way?"""
        sending = Sending(
            purpose=entry.purpose, client_id=client_id, channel=channel, address=address,
            at=entry.not_before, heard_at=heard_at, shop_id=self._shop_id,
        )  # fmt: skip
        await self._consents.gate.take_turn(sending)
        return await self._consents.may_send(sending)

    def admitted(self, entry: MessageEntry, verdict: Verdict) -> MessageEntry:
        """The entry as it is queued: what is held leaves when the quiet ends. Raises Conflict with the
        reason."""
        if verdict.is_yes:
            return entry
        if verdict.is_held:
            return replace(entry, not_before=verdict.until)
        data = {"until": verdict.until.isoformat()} if verdict.until is not None else {}
        raise Conflict(
            f"consents.{verdict.code}", REASONS[verdict.code],
            "What they have agreed to stands on the client’s page.", data=data,
        )  # fmt: skip

    def may_try_another(self, verdict: Verdict) -> bool:
        """Whether the next way is worth a look."""
        return verdict.code in _OF_THE_WAY

    async def count(self, message: Message, client_id: str | None) -> None:
        """It is queued: marketing is counted from here on."""
        await self._consents.gate.count(self._sending(message, client_id, at=message.not_before))

    async def passes(self, row: Message, *, is_locked: bool = False) -> bool:
        """Just before it leaves. What has to wait, waits; what may not go at all fails with the reason where
        its thread `is_locked` already, else it stays for somebody who locks that first."""
        if row.purpose in _FREE:
            return True
        thread = await self._session.get(Conversation, row.conversation_id)
        sending = self._sending(row, thread.client_id if thread is not None else None)
        verdict = await self._consents.gate.may_still_send(sending)
        if verdict.is_yes:
            return True
        if verdict.is_held:
            row.not_before, row.rev = verdict.until, row.rev + 1
            if row.not_after is not None and verdict.until is not None and not row.more.get("has_end"):
                row.not_after = max(row.not_after, verdict.until + (row.not_after - row.created_at))
        elif is_locked:
            await self._settling.settle(row, "failed", at=self._clock.now(), error=REASONS[verdict.code])
        return False

    async def look_again(self, client_id: str | None, address: str) -> None:
        """Something was said: what waits for these people and may not go any more fails now."""
        whose = [Message.address == address] if address else []
        if client_id is not None:
            whose.append(Conversation.client_id == client_id)
        query = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
        query = query.where(is_state("queued"), Message.purpose.not_in(_FREE), or_(*whose)).limit(500)
        for row in await self._book.messages(query):
            await self.passes(row, is_locked=True)

    async def bar(self, message_ids: Collection[str]) -> None:
        """Those of them that wait and may not go fail, each with its reason."""
        query = select(Message).where(is_state("queued"), Message.id.in_(sorted(message_ids)))
        for row in await self._book.messages(query):
            await self.passes(row, is_locked=True)

    def _sending(self, row: Message, client_id: str | None, *, at: datetime | None = None) -> Sending:
        return Sending(
            purpose=row.purpose, client_id=client_id, channel=row.channel, address=row.address, at=at,
            message_id=row.id, shop_id=ShopId(row.shop_id),
        )  # fmt: skip
