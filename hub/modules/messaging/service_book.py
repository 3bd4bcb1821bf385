"""Threads and the addresses that belong to them: found, made, joined. Never commits.

Whatever changes them locks in one order, or two would wait for each other: the turn of an address that nobody
knows yet, the turn of a client, threads by their ids, the turn of a provider's id, messages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from hub.errors import NotFound, Unavailable
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import NOBODY, CallerMatch, CrmApi
from hub.modules.messaging.joining import join_threads
from hub.modules.messaging.models import Address, Conversation, Message
from hub.modules.messaging.rules import number_behind
from hub.modules.messaging.views import Shops
from hub.values import ShopId

TOPIC = "conversation"
MOST_STEPS = 50


def turn_of_address(channel: str, address: str) -> str:
    """Whoever makes an address known takes turns by it."""
    return f"messaging:{channel}:{address}"


def turn_of_client(client_id: str) -> str:
    """Whoever looks which thread is a client's, to make it so, takes turns by it."""
    return f"messaging:client:{client_id}"


class ThreadBook:
    """The rows behind the services. Whatever changes a thread has it `locked` first."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country
        self._crm = CrmApi(uow, deps)
        self._calls = CallsApi(uow, deps)

    async def row(self, conversation_id: str, shops: Shops = None, *, lock: bool = False) -> Conversation:
        """The thread; of one that became part of another, that other. Raises NotFound, also for another
        shop's."""
        is_id = len(conversation_id) <= 26 and "\x00" not in conversation_id
        row = None
        for _ in range(MOST_STEPS if is_id else 0):
            query = select(Conversation).where(Conversation.id == conversation_id)
            if lock:
                query = query.with_for_update().execution_options(populate_existing=True)
            row = (await self._session.scalars(query)).first()
            if row is None or row.merged_into is None:
                break
            conversation_id = row.merged_into
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("messaging.unknown_conversation", "There is no such conversation.")
        return row

    async def of_client(self, client_id: str) -> Conversation | None:
        """The thread with a client."""
        query = select(Conversation).where(
            Conversation.client_id == client_id, Conversation.merged_into.is_(None)
        )
        return (await self._session.scalars(query)).first()

    async def address(self, channel: str, address: str) -> Address | None:
        """What is known of an address."""
        query = select(Address).where(Address.channel == channel, Address.address == address)
        return (await self._session.scalars(query)).first()

    async def addresses_of(self, conversation_id: str) -> Sequence[Address]:
        """Whoever wrote last, first."""
        query = select(Address).where(Address.conversation_id == conversation_id)
        query = query.order_by(Address.heard_at.is_(None), Address.heard_at.desc(), Address.id)
        return (await self._session.scalars(query)).all()

    async def owner_of(self, key: str | None) -> CallerMatch:
        """Whose a number is."""
        return await self._crm.caller(key) if key is not None else NOBODY

    def key_of(self, channel: str, address: str, proven: str | None = None) -> str | None:
        """The matching key of the phone behind an address, where it is sure."""
        return number_behind(channel, address, proven, self._country)

    async def shop_of(self, account: str) -> ShopId:
        """Whose account it is: a number that is one of our lines belongs to its shop."""
        line = (await self._calls.lines_by_number([account])).get(account)
        return line.shop_id if line is not None else self._uow.shop_id

    async def thread_for(
        self, channel: str, account: str, address: str, *, client_id: str | None, at: datetime
    ) -> tuple[Conversation, Address]:
        """The thread of an address, locked; made where there is none: the client's, or one of its own. Raises
        Unavailable where somebody has erased or moved it while we waited for the lock."""
        known = await self.address(channel, address)
        if known is None:
            await self._uow.take_turn(turn_of_address(channel, address))
            known = await self.address(channel, address)
        if known is not None:
            row = await self.row(known.conversation_id, lock=True)
            query = select(Address).where(Address.channel == channel, Address.address == address)
            again = query.execution_options(populate_existing=True)
            still = (await self._session.scalars(again)).first()
            if still is None or still.conversation_id != row.id:
                raise _crossed()
            return row, still
        row = await self.thread_of_client(client_id, await self.shop_of(account), at)
        made = Address(
            id=new_id(self._clock), conversation_id=row.id, channel=channel, account=account, address=address,
            number_key=self.key_of(channel, address), writer="", language=None, is_blocked=False,
            heard_at=None,
        )  # fmt: skip
        self._session.add(made)
        await self._session.flush()
        return row, made

    async def thread_of_client(self, client_id: str | None, shop_id: ShopId, at: datetime) -> Conversation:
        """The client's thread, locked; a new one where there is none, or nobody knows the client. Raises
        Unavailable where they have been erased while we waited."""
        if client_id is not None:
            await self._uow.take_turn(turn_of_client(client_id))
            known = await self.of_client(client_id)
            if known is not None:
                return await self.row(known.id, lock=True)
            if client_id not in await self._crm.clients_by_ids([client_id]):
                raise _crossed()
        row = Conversation(
            id=new_id(self._clock), rev=0, shop_id=shop_id, client_id=client_id, is_chosen=False,
            state="closed", owner_id=None, unread=0, waiting_since=None, snoozed_until=None, last_at=at,
            last_n=None, answering_by=None, answering_name="", answering_until=None, merged_into=None,
            created_at=self._clock.now(),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return row

    async def lock(self, conversation_ids: Collection[str]) -> None:
        """Several threads, in their order."""
        query = select(Conversation).where(Conversation.id.in_(sorted(conversation_ids)))
        query = query.order_by(Conversation.id).with_for_update().execution_options(populate_existing=True)
        await self._session.scalars(query)

    async def row_to_give(
        self, conversation_id: str, client_id: str | None, shops: Shops = None
    ) -> Conversation:
        """A thread, locked together with the one that this client has: it may become theirs. Raises
        NotFound."""
        ids = {(await self.row(conversation_id, shops)).id}
        if client_id is not None:
            await self._uow.take_turn(turn_of_client(client_id))
            known = await self.of_client(client_id)
            ids |= {known.id} if known is not None else set()
        await self.lock(ids)
        return await self.row(conversation_id, shops, lock=True)

    async def message(self, message_id: str) -> Message | None:
        """A message, locked behind its thread."""
        query = select(Message).where(Message.id == message_id)
        known = (await self._session.scalars(query)).first()
        if known is None:
            return None
        await self.row(known.conversation_id, lock=True)
        locked = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.scalars(locked)).first()

    async def messages(self, query: Select[Message], *, passes_by: bool = False) -> Sequence[Message]:
        """Those that this finds, in their order, locked behind their threads and still so; `passes_by` what
        others hold just now."""
        found = (
            await self._session.execute(query.with_only_columns(Message.n, Message.conversation_id))
        ).all()
        await self.lock({one.conversation_id for one in found})
        still = query.where(Message.n.in_([one.n for one in found])).order_by(None).order_by(Message.n)
        locked = still.with_for_update(of=Message, skip_locked=passes_by)
        return (await self._session.scalars(locked.execution_options(populate_existing=True))).all()

    async def give(self, row: Conversation, client_id: str | None, *, is_chosen: bool) -> Conversation:
        """The thread (see `row_to_give`) is this client's from now on; joined with the one that they have
        already."""
        if client_id is not None and client_id != row.client_id:
            await self._uow.take_turn(turn_of_client(client_id))
            known = await self.of_client(client_id)
            if known is not None and known.id != row.id:
                return await self.join(row, await self.row(known.id, lock=True))
        row.client_id, row.is_chosen = client_id, is_chosen
        await self._session.flush()
        self.touch(row)
        return row

    async def join(self, row: Conversation, into: Conversation) -> Conversation:
        """One thread of two: everything of `row` stands in `into`, and its id leads there."""
        await self._session.flush()
        await self._uow.read(lambda connection: join_threads(connection, row.id, into.id))
        self._session.expire_all()
        await self._session.refresh(row)
        await self._session.refresh(into)
        for one in (row, into):
            self._uow.hint(TOPIC, one.id, one.rev, shop_id=ShopId(one.shop_id))
        return into

    async def settle_last(self, row: Conversation) -> None:
        """Which message is the newest."""
        await self._session.flush()
        query = select(Message.n).where(Message.conversation_id == row.id)
        query = query.order_by(Message.created_at.desc(), Message.n.desc()).limit(1)
        row.last_n = (await self._session.scalars(query)).first()

    def touch(self, row: Conversation) -> None:
        """It has changed: watchers of its shop look again."""
        row.rev += 1
        self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))


def _crossed() -> Unavailable:
    """Whoever asks once more sees what is left."""
    return Unavailable(
        "database.conflict", "Somebody else changed the same thing at the same moment.", "Try again."
    )
