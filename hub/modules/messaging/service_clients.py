"""Whose threads are: by their numbers, by a person's word; merged, erased clients. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, delete, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.hooks.keeping import forget_numbers
from hub.kernel.storage.turns import take_turn
from hub.modules.links.api import forget_objects
from hub.modules.messaging.models import Address, Conversation, File, Message, Note
from hub.modules.messaging.service_book import ThreadBook, turn_of_client
from hub.modules.messaging.service_outgoing import FILES

_MOST = 900
"""Ids in one statement."""


class ClientThreads:
    """Ties threads to clients."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._book = ThreadBook(uow, deps)

    async def known(self, number: str) -> None:
        """A number became a client's: threads that were nobody's are theirs, if it is theirs alone."""
        match = await self._book.owner_of(number)
        if match.client_id is None:
            return
        for row in await self._of_number(number):
            if row.client_id is None:
                locked = await self._book.row_to_give(row.id, match.client_id)
                await self._book.give(locked, match.client_id, is_chosen=False)

    async def released(self, number: str, client_id: str) -> None:
        """The number is not theirs for sure any more: a thread that was, by it alone, is nobody's again."""
        for row in await self._of_number(number):
            others = {one.number_key for one in await self._book.addresses_of(row.id)} - {number}
            if row.client_id == client_id and not row.is_chosen and not others:
                match = await self._book.owner_of(number)
                locked = await self._book.row_to_give(row.id, match.client_id)
                await self._book.give(locked, match.client_id, is_chosen=False)

    async def tie(self, channel: str, address: str, number: str | None, client_id: str | None) -> str | None:
        """Whoever writes from there has this number for sure, or is this client: their thread is the
        number's. A thread that is somebody else's stays theirs. Whose it is now."""
        known = await self._book.address(channel, address)
        if known is None:
            return None
        key = self._book.key_of(channel, address, number) if number is not None else None
        owner = (await self._book.owner_of(key)).client_id if client_id is None and key is not None else None
        row = await self._book.row_to_give(known.conversation_id, client_id or owner)
        if row.client_id is not None and client_id is not None and row.client_id != client_id:
            return row.client_id
        client_id = client_id or owner
        if key is not None and known.number_key is None:
            known.number_key = key
        if row.client_id is None and client_id is not None:
            return (await self._book.give(row, client_id, is_chosen=False)).client_id
        if row.client_id is None and key is not None:
            await self._join_nobodys(row, key)
        return row.client_id

    async def has_number(self, channel: str, address: str) -> bool:
        """Whether we know for sure which phone the one has who writes from there."""
        known = await self._book.address(channel, address)
        return known is not None and known.number_key is not None

    async def _join_nobodys(self, row: Conversation, key: str) -> None:
        """Threads of a number that nobody has in our list are one thread: the oldest."""
        found = [one for one in await self._of_number(key) if one.client_id is None]
        into = min(found, key=lambda one: (one.created_at, one.id), default=row)
        await self._book.lock({one.id for one in (*found, into)})
        for one in found:
            if one.id != into.id:
                await self._book.join(
                    await self._book.row(one.id, lock=True), await self._book.row(into.id, lock=True)
                )

    async def _of_number(self, number: str) -> list[Conversation]:
        query = select(Conversation).join(Address, Address.conversation_id == Conversation.id)
        query = query.where(Address.number_key == number, Conversation.merged_into.is_(None)).distinct()
        return list((await self._session.scalars(query.order_by(Conversation.id))).all())


async def move(uow: UnitOfWork, deps: Deps, what: Move) -> Moved:
    """The thread of the one is the other's; two become one."""
    book = ThreadBook(uow, deps)
    row = await book.of_client(what.from_id)
    if row is None:
        return {}
    into = await book.of_client(what.into_id)
    moved: dict[str, list[str]] = {"thread": [row.id], "messages": [], "addresses": [], "notes": []}
    if into is not None:
        for name, table in _TABLES.items():
            query = select(table.id).where(table.conversation_id == row.id)
            moved[name] = list((await uow.session.scalars(query)).all())
    await book.give(await book.row_to_give(row.id, what.into_id), what.into_id, is_chosen=row.is_chosen)
    return moved


async def put_back(uow: UnitOfWork, deps: Deps, what: Move, moved: Moved) -> None:
    """As they were: what came since stays where it is."""
    book = ThreadBook(uow, deps)
    for thread_id in moved.get("thread", []):
        row = await uow.session.get(Conversation, thread_id)
        if row is None or (row.merged_into is None and row.client_id != what.into_id):
            continue
        into = await book.row(thread_id, lock=True) if row.merged_into is not None else None
        row.merged_into, row.client_id = None, what.from_id
        await uow.session.flush()
        for name, table in _TABLES.items():
            ids = moved.get(name, [])
            for begin in range(0, len(ids), _MOST):
                part = update(table).where(table.id.in_(ids[begin : begin + _MOST]))
                await uow.session.execute(part.values(conversation_id=row.id))
        await book.settle_last(row)
        book.touch(row)
        if into is not None:
            await book.settle_last(into)
            book.touch(into)


def erase(connection: Connection, who: Erasure) -> int:
    """What remains is that there was a message, when, by which channel: no word, no name, no address."""
    threads = _locked(connection, who)
    touched = forget_numbers(connection, sorted(who.numbers), who.until)
    for thread, is_theirs in threads.items():
        # A client's thread ends with them, also what came while we waited for the lock.
        before = [Message.conversation_id == thread]
        notes = [Note.conversation_id == thread]
        if not is_theirs:
            before.append(Message.created_at <= who.until)
            notes.append(Note.created_at <= who.until)
        whose = select(Message.id).where(*before)
        touched += forget_objects(connection, FILES, whose)
        connection.execute(
            update(File)
            .where(File.message_id.in_(whose))
            .values(state="gone", name="", ref="", size=0, content_type="")
        )
        gone = connection.execute(
            update(Message).where(*before).values(
                text="", address="", author="", error="", provider_id=None, more={}, answers="",
                rev=Message.rev + 1,
            )
        )  # fmt: skip
        touched += gone.rowcount
        connection.execute(
            update(Message)
            .where(*before, Message.state.in_(("queued", "unknown", "sending")))
            .values(state="failed", claim=None)
        )
        connection.execute(delete(Note).where(*notes))
        connection.execute(delete(Address).where(Address.conversation_id == thread))
        connection.execute(
            update(Conversation).where(Conversation.id == thread).values(
                client_id=None, is_chosen=False, state="closed", unread=0, waiting_since=None,
                rev=Conversation.rev + 1,
            )
        )  # fmt: skip
    return touched


def _locked(connection: Connection, who: Erasure) -> dict[str, bool]:
    """Their threads and those of their numbers that are nobody's, locked before anything in them is (the
    order is service_book.py's): whoever is writing into one ends first. Whether each is a client's."""
    for client_id in sorted(who.client_ids):
        take_turn(connection, turn_of_client(client_id))
    of_numbers = select(Address.conversation_id).where(Address.number_key.in_(sorted(who.numbers)))
    theirs = Conversation.client_id.in_(sorted(who.client_ids))
    nobodys = and_(Conversation.client_id.is_(None), Conversation.id.in_(of_numbers))
    query = select(Conversation.id, Conversation.client_id).where(or_(theirs, nobodys))
    rows = connection.execute(query.order_by(Conversation.id).with_for_update()).all()
    return {row.id: row.client_id is not None for row in rows}


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Address.number_key).where(Address.number_key.is_not(None)).distinct()
    if among is not None:
        query = query.where(Address.number_key.in_(sorted(among)))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


_TABLES: dict[str, type[Message] | type[Address] | type[Note]] = {
    "messages": Message,
    "addresses": Address,
    "notes": Note,
}
RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)
