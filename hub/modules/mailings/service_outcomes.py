"""What became of messages of mailings, and what clients did then. Never commits; each may run twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from hub.events.messages import MessageArrived, MessageSettled
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.api import REASONS as REFUSALS
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.rules import REASONS, REPORT_DAYS, row_state
from hub.modules.mailings.scope import TOPIC
from hub.values import ShopId

_CODES = {text: str(code) for code, text in REFUSALS.items()}


class OutcomeService:
    """Notes it at the client's place on the list."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def settled(self, event: MessageSettled, at: datetime) -> None:
        """The message has come this far."""
        query = select(Recipient).where(Recipient.message_id == event.message_id).with_for_update()
        one = (await self._session.scalars(query)).first()
        if one is None:
            return
        state = row_state(one.state, event.state)
        if state == one.state:
            return
        one.state, one.at = state, at
        code = _CODES.get(event.error, "") if state == "failed" else ""
        if code in REASONS:  # the gate of consents kept it back: it never left
            one.state, one.reason, one.parts = "skipped", code, 0
            await self._touch(one.mailing_id)
            return
        one.error = event.error if state in ("failed", "unknown") else ""
        await self._touch(one.mailing_id)

    async def arrived(self, event: MessageArrived, at: datetime) -> None:
        """They wrote: an answer to the last mailing that reached them."""
        if event.client_id is None:
            return
        one = await self._last(event.client_id, at)
        if one is not None and one.replied_at is None:
            one.replied_at = at
            await self._touch(one.mailing_id)

    async def left(self, client_id: str, at: datetime) -> None:
        """They want no more mailings: after the last one that reached them."""
        one = await self._last(client_id, at)
        if one is not None and one.left_at is None:
            one.left_at = at
            await self._touch(one.mailing_id)

    async def _last(self, client_id: str, at: datetime) -> Recipient | None:
        query = (
            select(Recipient)
            .where(
                Recipient.client_id == client_id, Recipient.message_id.is_not(None),
                Recipient.handed_at <= at, Recipient.handed_at > at - timedelta(days=REPORT_DAYS),
                Recipient.state.in_(("queued", "sent", "delivered", "read", "unknown")),
            )
            .order_by(Recipient.handed_at.desc())
            .limit(1)
        )  # fmt: skip
        return (await self._session.scalars(query)).first()

    async def _touch(self, mailing_id: str) -> None:
        row = await self._session.get(Mailing, mailing_id)
        if row is not None:
            self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))
