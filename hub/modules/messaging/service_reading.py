"""Reads threads and messages: lists, one, how many wait. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import cursor_of, place_in, unknown_place
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.conditions import has_cause, is_not_closed, is_state, is_unread
from hub.modules.messaging.models import Address, Conversation, File, Message, Note
from hub.modules.messaging.rules_templates import hidden
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.views import (
    AddressView,
    ConversationFilter,
    ConversationPage,
    ConversationView,
    FileView,
    MessageFilter,
    MessagePage,
    MessageView,
    NoteView,
    PlaceView,
    SendingView,
    Shops,
)

Conditions = list[ColumnElement[bool]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReadingService:
    """Queries; whoever asks says which shops they may see (None: every one)."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def conversation(self, conversation_id: str, shops: Shops) -> ConversationView:
        """Raises NotFound."""
        return (await self.conversation_views([await self._book.row(conversation_id, shops)]))[0]

    async def conversations(
        self, where: ConversationFilter, *, cursor: str | None, limit: int
    ) -> ConversationPage:
        """Whoever wrote or was written to last, first."""
        conditions: Conditions = [Conversation.merged_into.is_(None), Conversation.last_n.is_not(None)]
        if where.shops is not None:
            conditions.append(Conversation.shop_id.in_(sorted(where.shops)))
        if where.state is not None:
            conditions.append(Conversation.state == where.state)
        if where.state in ("open", "snoozed"):
            conditions.append(is_not_closed())
        if where.client_id is not None:
            conditions.append(Conversation.client_id == await self._living(where.client_id))
        if where.owner_id is not None:
            conditions.append(Conversation.owner_id == where.owner_id)
        if where.is_waiting is not None:
            waits = Conversation.waiting_since.is_not(None)
            conditions.append(waits if where.is_waiting else ~waits)
        if cursor is not None:
            at, row_id = place_in(cursor)
            before = and_(Conversation.last_at == at, Conversation.id < row_id)
            conditions += [or_(Conversation.last_at < at, before)]
        query = select(Conversation).where(*conditions)
        query = query.order_by(Conversation.last_at.desc(), Conversation.id.desc()).limit(limit + 1)
        rows = (await self._session.scalars(query)).all()
        items = await self.conversation_views(rows[:limit])
        more = cursor_of(items[-1].last_at, items[-1].id) if len(rows) > limit else None
        return ConversationPage(items=items, next=more)

    async def message(self, message_id: str, shops: Shops) -> MessageView:
        """Raises NotFound."""
        is_id = len(message_id) <= 26 and "\x00" not in message_id
        query = select(Message).where(Message.id == message_id)
        row = (await self._session.scalars(query)).first() if is_id else None
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("messaging.unknown_message", "There is no such message.")
        return (await self.views([row]))[0]

    async def messages(self, where: MessageFilter, *, cursor: str | None, limit: int) -> MessagePage:
        """Newest first."""
        conditions: Conditions = []
        if where.shops is not None:
            conditions.append(Message.shop_id.in_(sorted(where.shops)))
        if where.conversation_id is not None:
            row = await self._book.row(where.conversation_id, where.shops)
            conditions.append(Message.conversation_id == row.id)
        if where.client_id is not None:
            thread = await self._book.of_client(await self._living(where.client_id))
            conditions.append(Message.conversation_id == (thread.id if thread is not None else ""))
        if where.channel is not None:
            conditions.append(Message.channel == where.channel)
        if where.state is not None:
            conditions.append(Message.state == where.state)
        if cursor is not None:
            at, n = place_in(cursor)
            if not n.isdecimal():
                raise unknown_place()
            before = and_(Message.created_at == at, Message.n < int(n))
            conditions += [Message.created_at <= at, or_(Message.created_at < at, before)]
        query = select(Message).where(*conditions)
        query = query.order_by(Message.created_at.desc(), Message.n.desc()).limit(limit + 1)
        rows = (await self._session.scalars(query)).all()
        items = await self.views(rows[:limit])
        more = len(rows) > limit
        return MessagePage(
            items=items, next=cursor_of(items[-1].created_at, str(items[-1].n)) if more else None
        )

    async def waiting(self, shops: Shops) -> tuple[int, datetime | None]:
        """How many threads wait for an answer, and since when the longest one."""
        conditions: Conditions = [
            Conversation.state == "open", Conversation.merged_into.is_(None), is_unread(),
        ]  # fmt: skip
        if shops is not None:
            conditions.append(Conversation.shop_id.in_(sorted(shops)))
        query = select(func.count(), func.min(Conversation.waiting_since)).where(*conditions)
        count, since = (await self._session.execute(query)).one()
        return count, since

    async def doubts(self, shops: Shops) -> int:
        """How many messages wait for a person to say whether they have arrived."""
        query = select(func.count()).where(*_doubted(shops))
        return (await self._session.scalars(query)).one()

    async def sending(self) -> SendingView:
        """What waits, over all shops."""
        queued = select(func.count(), func.min(Message.created_at)).where(
            is_state("queued"), Message.not_before.is_(None)
        )
        count, oldest = (await self._session.execute(queued)).one()
        return SendingView(queued=count, oldest_at=oldest, doubts=await self.doubts(None))

    async def doubted(self, shops: Shops, limit: int) -> tuple[ConversationView, ...]:
        """The threads of these."""
        threads = select(Message.conversation_id).where(*_doubted(shops)).distinct()
        query = select(Conversation).where(Conversation.id.in_(threads))
        query = query.order_by(Conversation.last_at.desc(), Conversation.id.desc()).limit(limit)
        return await self.conversation_views((await self._session.scalars(query)).all())

    async def causes(self, causes: Collection[str], *, failed: bool = True) -> frozenset[str]:
        """Those of these that something was sent for; without `failed`, and no piece of it has failed."""
        query = select(Message.cause, Message.state, Message.more).where(
            has_cause(), Message.cause.in_(sorted(causes))
        )
        found = (await self._session.execute(query)).all() if causes else ()
        if failed:
            return frozenset(one.cause for one in found)
        pieces = [piece for one in found for piece in one.more.get("before", ())]
        lost = select(Message.id).where(Message.id.in_(pieces), Message.state == "failed")
        in_vain = set((await self._session.scalars(lost)).all()) if pieces else set()
        return frozenset(
            one.cause
            for one in found
            if one.state != "failed" and in_vain.isdisjoint(one.more.get("before", ()))
        )

    async def notes(
        self, conversation_id: str, since: datetime | None, until: datetime | None, limit: int
    ) -> tuple[NoteView, ...]:
        """What colleagues wrote in this time."""
        query = select(Note).where(Note.conversation_id == conversation_id)
        if since is not None:
            query = query.where(Note.created_at >= since)
        if until is not None:
            query = query.where(Note.created_at <= until)
        rows = (await self._session.scalars(query.order_by(Note.created_at.desc()).limit(limit))).all()
        return tuple(
            NoteView(id=row.id, text=row.text, author=row.author, created_at=row.created_at) for row in rows
        )

    async def of_subject(self, client_id: str | None, number_key: str | None) -> ConversationView | None:
        """The thread with a client, or with a number that is nobody's."""
        row = await self._book.of_client(client_id) if client_id is not None else None
        if row is None and number_key is not None:
            query = select(Conversation).join(Address, Address.conversation_id == Conversation.id)
            query = query.where(Address.number_key == number_key, Conversation.merged_into.is_(None))
            row = (await self._session.scalars(query.order_by(Conversation.last_at.desc()).limit(1))).first()
        return (await self.conversation_views([row]))[0] if row is not None else None

    async def views(self, rows: Sequence[Message]) -> tuple[MessageView, ...]:
        """Messages with their files and whose they are."""
        files = await self._files([row.id for row in rows])
        threads = sorted({row.conversation_id for row in rows})
        query = select(Conversation.id, Conversation.client_id).where(Conversation.id.in_(threads))
        found = (await self._session.execute(query)).all() if threads else ()
        clients: dict[str, str | None] = {row.id: row.client_id for row in found}
        return tuple(
            message_view(row, clients.get(row.conversation_id), files.get(row.id, ())) for row in rows
        )

    async def conversation_views(self, rows: Sequence[Conversation]) -> tuple[ConversationView, ...]:
        """Threads with their addresses and newest messages."""
        ids = [row.id for row in rows]
        query = select(Address).where(Address.conversation_id.in_(ids))
        query = query.order_by(Address.heard_at.is_(None), Address.heard_at.desc(), Address.id)
        addresses: dict[str, list[AddressView]] = {}
        for one in (await self._session.scalars(query)).all() if ids else ():
            addresses.setdefault(one.conversation_id, []).append(_address(one))
        numbers = [row.last_n for row in rows if row.last_n is not None]
        newest = (await self._session.scalars(select(Message).where(Message.n.in_(numbers)))).all()
        last = {view.conversation_id: view for view in await self.views(newest)}
        now = self._clock.now()
        return tuple(
            _conversation(row, tuple(addresses.get(row.id, ())), last.get(row.id), now) for row in rows
        )

    async def _living(self, client_id: str) -> str:
        client = (await self._crm.clients_by_ids([client_id])).get(client_id)
        return client.id if client is not None else client_id[:26].replace("\x00", "")

    async def _files(self, ids: Collection[str]) -> dict[str, tuple[FileView, ...]]:
        if not ids:
            return {}
        query = select(File).where(File.message_id.in_(ids)).order_by(File.message_id, File.position)
        found: dict[str, list[FileView]] = {}
        for row in (await self._session.scalars(query)).all():
            found.setdefault(row.message_id or "", []).append(file_view(row))
        return {message_id: tuple(files) for message_id, files in found.items()}


def file_view(row: File) -> FileView:
    """A file as others see it."""
    return FileView(id=row.id, content_type=row.content_type, size=row.size, name=row.name, state=row.state)


def message_view(row: Message, client_id: str | None, files: tuple[FileView, ...]) -> MessageView:
    """A message as others see it."""
    place = row.more.get("place")
    return MessageView(
        id=row.id, rev=row.rev, n=row.n, shop_id=row.shop_id, conversation_id=row.conversation_id,
        client_id=client_id, channel=row.channel, direction=row.direction, state=row.state,
        text=hidden(row.text) if row.direction == "inbound" else row.text, purpose=row.purpose,
        address=row.address, provider_id=row.provider_id, error=row.error, created_at=row.created_at,
        settled_at=row.settled_at, edited_at=row.edited_at, author=row.author, parts=row.parts,
        carried_by=row.carried_by,
        tries=row.tries, is_asked=row.state == "unknown" and row.not_before is not None, attachments=files,
        place=PlaceView(**place) if place else None, is_deleted="deleted_at" in row.more,
    )  # fmt: skip


def _address(row: Address) -> AddressView:
    return AddressView(
        channel=row.channel, address=row.address, writer=row.writer, is_blocked=row.is_blocked,
        heard_at=row.heard_at,
    )  # fmt: skip


def _conversation(
    row: Conversation, addresses: tuple[AddressView, ...], last: MessageView | None, now: datetime
) -> ConversationView:
    is_answered = row.answering_until is not None and row.answering_until > now
    return ConversationView(
        id=row.id, rev=row.rev, shop_id=row.shop_id, client_id=row.client_id, state=row.state,
        owner_id=row.owner_id, unread=row.unread, waiting_since=row.waiting_since,
        snoozed_until=row.snoozed_until, last_at=row.last_at, created_at=row.created_at, addresses=addresses,
        last=last, answering_by=row.answering_by if is_answered else None,
        answering_name=row.answering_name if is_answered else "",
    )  # fmt: skip


def _doubted(shops: Shops) -> Conditions:
    conditions: Conditions = [is_state("unknown"), Message.not_before.is_(None)]
    if shops is not None:
        conditions.append(Message.shop_id.in_(sorted(shops)))
    return conditions
