"""Hands mailings on to messaging, batch by batch: each in one transaction, so that a kill doubles nothing.
Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select

from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import ClientView, CrmApi, VehicleView
from hub.modules.mailings.addressing import Addressing, Found
from hub.modules.mailings.filling import ShopValues
from hub.modules.mailings.gate import PURPOSE, Gate
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.rules import REASONS, batch
from hub.modules.mailings.rules_texts import parts_of, written
from hub.modules.mailings.scope import TOPIC
from hub.modules.mailings.service_counting import CountingService
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.values import ShopId

_MOST_UNDER_WAY = 50
"""Messages of a mailing that may wait in messaging: while a provider is away nothing piles up there."""
_LATER = timedelta(seconds=5)
_MUCH_LATER = timedelta(minutes=5)
_OPEN = ("scheduled", "running")
_REASONS = {
    "messaging.blocked": "provider_blocked", "messaging.no_channel": "no_address",
    "messaging.cannot_write_first": "no_address", "messaging.address": "no_address",
    "crm.client_not_found": "nobody",
}  # fmt: skip


class FeedingService:
    """One step for one mailing."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._crm = CrmApi(uow, deps)
        self._addressing = Addressing(uow, deps)
        self._gate = Gate(uow, deps)
        self._messaging = MessagingApi(uow, deps)

    async def due(self) -> list[tuple[str, ShopId]]:
        """The mailings whose next batch may leave, with their shops."""
        query = (
            select(Mailing.id, Mailing.shop_id)
            .where(Mailing.state.in_(_OPEN), Mailing.next_at <= self._clock.now())
            .order_by(Mailing.next_at)
            .limit(20)
        )
        return [(row.id, ShopId(row.shop_id)) for row in (await self._session.execute(query)).all()]

    async def next_at(self) -> datetime | None:
        """When the next one is due."""
        query = select(func.min(Mailing.next_at)).where(Mailing.state.in_(_OPEN))
        return await self._session.scalar(query)

    async def feed(self, mailing_id: str) -> int:
        """Its next batch, if it is still due: another process may have been faster. How many it was."""
        query = select(Mailing).where(Mailing.id == mailing_id, Mailing.state.in_(_OPEN))
        locked = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        row, now = (await self._session.scalars(locked)).first(), self._clock.now()
        if row is None or row.next_at is None or row.next_at > now:
            return 0
        if await self._under_way(row) >= _MOST_UNDER_WAY:
            row.next_at = now + _LATER
            return 0
        if row.state == "scheduled":
            row.state, row.begun_at = "running", now
        size, pause = batch(row.pace).size, batch(row.pace).pause
        rows = await self._waiting(row, size)
        sent, held = await self._hand_on(row, rows)
        row.next_at = held or now + timedelta(seconds=pause)
        await self._close(row)
        row.rev += 1
        self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))
        return sent

    async def put_off(self, mailing_id: str) -> None:
        """Its batch could not be made: those behind it go on, it is tried again in a while."""
        query = select(Mailing).where(Mailing.id == mailing_id, Mailing.state.in_(_OPEN)).with_for_update()
        row = (await self._session.scalars(query.execution_options(populate_existing=True))).first()
        if row is not None:
            row.next_at, row.rev = self._clock.now() + _MUCH_LATER, row.rev + 1
            self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))

    async def _hand_on(self, row: Mailing, rows: Sequence[Recipient]) -> tuple[int, datetime | None]:
        """How many went; from when on the next may, where it is too late or too early for them now."""
        clients = await self._crm.clients_by_ids({one.client_id for one in rows if one.client_id})
        cars = await self._crm.vehicles_of([one.id for one in clients.values()])
        values = await CountingService(self._uow, self._deps).values(ShopId(row.shop_id))
        await self._gate.take_turns(clients)
        sent = 0
        for one in rows:
            client = clients.get(one.client_id or "")
            if client is None:
                self._leave_out(one, "erased")
                continue
            found = await self._addressing.of(client, row.channels)
            if found.until is not None:
                return sent, found.until
            if found.reason:
                self._leave_out(one, found.reason)
                continue
            sent += await self._send(row, one, client, cars.get(client.id, ()), found, values)
        return sent, None

    async def _send(
        self, row: Mailing, one: Recipient, client: ClientView, cars: Sequence[VehicleView], found: Found,
        values: ShopValues,
    ) -> bool:  # fmt: skip
        if await self._is_taken(row, one, client, found):
            self._leave_out(one, "duplicate")
            return False
        link = await self._gate.link(client.id, found.channel, found.address)
        text, missing = written(row.text, values.of(client, cars), link=link, language=client.language)
        if missing:
            self._leave_out(one, "no_value")
            return False
        entry = MessageEntry(
            text=text, client_id=client.id, channel=found.channel, address=found.address,
            priority="campaign", purpose=PURPOSE, cause=cause_of(row.id, client.id), author=row.title,
            subject=row.title if found.channel == "email" else "",
            unsubscribe_url=link if found.channel == "email" else "",
        )  # fmt: skip
        try:
            message = await self._messaging.queue_message(entry)
        except (Conflict, Invalid, NotFound) as fault:
            self._leave_out(one, _reason(fault))
            one.error = fault.text
            return False
        one.state, one.message_id, one.client_id = "queued", message.id, client.id
        one.channel, one.address, one.parts = found.channel, found.address, parts_of(text, found.channel)
        one.handed_at = one.at = self._clock.now()
        await self._session.flush()
        return True

    async def _is_taken(self, row: Mailing, one: Recipient, client: ClientView, found: Found) -> bool:
        """Two that were merged meanwhile, or share an address now: one message."""
        query = select(
            exists().where(
                Recipient.mailing_id == row.id, Recipient.position != one.position,
                Recipient.message_id.is_not(None),
                (Recipient.client_id == client.id)
                | ((Recipient.channel == found.channel) & (Recipient.address == found.address)),
            )
        )  # fmt: skip
        return bool(await self._session.scalar(query))

    async def _waiting(self, row: Mailing, size: int) -> Sequence[Recipient]:
        query = select(Recipient).where(
            Recipient.mailing_id == row.id, Recipient.state == "waiting", Recipient.position > 0
        )
        return (await self._session.scalars(query.order_by(Recipient.position).limit(size))).all()

    async def _under_way(self, row: Mailing) -> int:
        query = select(func.count()).where(Recipient.mailing_id == row.id, Recipient.state == "queued")
        return (await self._session.scalar(query)) or 0

    async def _close(self, row: Mailing) -> None:
        """Everybody was handed on; the ends of messages come in later."""
        await self._session.flush()
        if not await self._waiting(row, 1):
            row.state, row.next_at, row.ended_at = "done", None, self._clock.now()

    def _leave_out(self, one: Recipient, reason: str) -> None:
        one.state, one.reason, one.at = "skipped", reason, self._clock.now()
        one.parts = 0


def cause_of(mailing_id: str, client_id: str) -> str:
    """What a message is sent for, once, whatever happens."""
    return f"mailing:{mailing_id}:{client_id}"


def _reason(fault: HubError) -> str:
    area, _, code = fault.code.partition(".")
    if area == "consents" and code in REASONS:
        return code
    return _REASONS.get(fault.code, "refused")
