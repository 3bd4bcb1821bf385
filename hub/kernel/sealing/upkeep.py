"""The life of the keys: made at the first start, asked for at every other one, rotated, given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from hub.clock import Clock
from hub.errors import Conflict, Unavailable
from hub.kernel.sealing.keys import Key, KeyStore, new_key
from hub.kernel.sealing.seal import Seal, is_sealed, key_id_of, place_of
from hub.kernel.sealing.tables import sealing_key
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import Base

_TURN = text("SELECT pg_advisory_xact_lock(7465003)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed texts, for a manifest. `lost`: what is done to its rows where the keys are lost,
    in their transaction; it tells a person in a line or two what has to be set up anew."""

    table: str
    column: str
    is_counted: bool = True
    """Whether `doctor` and /system count its rows."""
    lost: Callable[[Connection, Seal, Clock], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealState:
    """How the sealing is: `counts` says how many secrets each key has sealed ("" = not sealed)."""

    current: str
    known: tuple[str, ...]
    where: str
    is_open_to_others: bool
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def older(self) -> int:
        """Secrets that a former key has sealed, or none at all."""
        return sum(count for key, count in self.counts.items() if key != self.current)

    @property
    def locked(self) -> int:
        """Secrets whose key is not here."""
        return sum(count for key, count in self.counts.items() if key and key not in self.known)


class Sealing:
    """What is done with the keys of an installation."""

    def __init__(self, database: Database, seal: Seal, columns: Sequence[SealedColumn], clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._columns = tuple(columns)
        self._clock = clock

    async def unlock(self) -> None:
        """At every start. The first one of a database makes the key file where there is none, and seals
        what lies there in the clear. Raises Unavailable where the keys are not those of the database."""
        store = self._seal.store
        wanted = await self._database.read(present_key)
        keys = await asyncio.to_thread(store.load)
        if wanted is None:
            keys = keys or await asyncio.to_thread(store.create)
            wanted = await self._database.write(partial(self._begin, keys=keys))
        _refuse_other(wanted, keys, store)
        self._seal.unlock(keys, wanted)

    async def rotate(self) -> tuple[str, int]:
        """Seal everything anew: with the newest key that is here, or with one that is made for it. Old
        keys stay, for backups need them. The new key's id, and how many secrets. Raises Conflict where
        the other processes of a server have to be given the new key first, Unavailable where the settings
        hold the keys and no new one."""
        store = self._seal.store
        keys = await asyncio.to_thread(store.load)
        if keys[0].id == self._seal.current:
            await asyncio.to_thread(partial(store.add, [new_key()], first=True))
            keys = await asyncio.to_thread(store.load)
            if not self._database.is_sqlite:
                raise Conflict(
                    "seal.spread_first",
                    f"A new key stands in {store.where} now; nothing is sealed with it yet.",
                    "Give this file to every process of this database, then say pitline seal rotate again.",
                )
        count = await self._database.write(partial(self._reseal_all, keys=keys))
        self._seal.unlock(keys, keys[0].id)
        return keys[0].id, count

    async def give_up(self) -> list[str]:
        """The keys are lost: what they sealed is set up anew. What a person has to do now, in lines.
        Raises Conflict where they are here."""
        store = self._seal.store
        wanted = await self._database.read(present_key)
        keys = await asyncio.to_thread(store.load)
        if wanted is None or wanted in {key.id for key in keys}:
            raise Conflict(
                "seal.not_lost", "The key is here; nothing is lost.", "pitline doctor says how it is."
            )
        keys = keys or await asyncio.to_thread(store.create)
        self._seal.unlock(keys, keys[0].id)
        return await self._database.write(
            lambda connection: give_up(connection, self._seal, self._columns, self._clock)
        )

    async def state(self) -> SealState:
        """For `doctor` and /system."""
        return await self._database.read(lambda connection: state_of(connection, self._seal, self._columns))

    def _begin(self, connection: Connection, keys: Sequence[Key]) -> str:
        """Whoever comes second finds the first one's key."""
        _take_turn(connection)
        present = present_key(connection)
        if present is None:
            self._reseal_all(connection, keys)
        return present or keys[0].id

    def _reseal_all(self, connection: Connection, keys: Sequence[Key]) -> int:
        _take_turn(connection)
        fresh = Seal(self._seal.store)
        fresh.unlock(keys, keys[0].id)
        count = sum(_reseal(connection, column, fresh) for column in self._columns)
        _note(connection, keys[0].id, self._clock)
        return count


def present_key(connection: Connection) -> str | None:
    """The id of the key that the database counts as current; None before the first start."""
    found: str | None = connection.scalar(select(sealing_key.c.id))
    return found


def give_up(connection: Connection, seal: Seal, columns: Sequence[SealedColumn], clock: Clock) -> list[str]:
    """The keys are lost: what they sealed is set up anew, with a key that is here. What a person has to
    do now, in lines."""
    said = [line for column in columns for line in column.lost(connection, seal, clock)]
    _note(connection, seal.current, clock)
    return said


def state_of(connection: Connection, seal: Seal, columns: Sequence[SealedColumn]) -> SealState:
    """For `doctor` and /system."""
    counts: dict[str, int] = {}
    for column in filter(lambda one: one.is_counted, columns):
        own = _table(column).c[column.column]
        # the id stands at a fixed place: sealed:1:<16 characters>
        beginning = func.substr(own, 1, 25)
        query = select(beginning, func.count()).where(own.is_not(None)).group_by(beginning)
        for part, count in connection.execute(query):
            key = key_id_of(_raw(part))
            counts[key] = counts.get(key, 0) + count
    return SealState(
        current=present_key(connection) or "", known=seal.known, where=seal.store.where,
        is_open_to_others=seal.store.is_open_to_others(), counts=counts,
    )  # fmt: skip


def key_is_missing(wanted: str, store: KeyStore, *, is_brought: bool) -> Unavailable:
    """Of a backup whose secrets cannot be opened here. `is_brought`: it holds the key itself, but keys are
    given by the settings."""
    said = f"The secrets in this backup are sealed with the key {wanted}, which is not in {store.where}."
    if is_brought:
        hint = "The backup brings it along: take HUB_SEALING__KEYS away, and it goes into the key file."
    else:
        hint = (
            "Put the key there that was kept apart from the backups, and restore again. If it is lost, add "
            "--without-key: second factors are then switched off, and webhooks get new secrets."
        )
    return Unavailable("seal.backup_key", said, hint)


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_TURN)
    else:
        # what was in the clear must not stay in the file's unused places
        connection.exec_driver_sql("PRAGMA secure_delete = ON").close()


def _note(connection: Connection, key_id: str, clock: Clock) -> None:
    connection.execute(delete(sealing_key))
    connection.execute(insert(sealing_key).values(id=key_id, since=clock.now()))


def _reseal(connection: Connection, column: SealedColumn, seal: Seal) -> int:
    table = _table(column)
    own, keys = table.c[column.column], list(table.primary_key)
    count = 0
    for row in connection.execute(select(*keys).where(own.is_not(None))).all():
        which = [key == value for key, value in zip(keys, row, strict=True)]
        value: str | bytes | None = connection.scalar(select(own).where(*which))
        raw = _raw(value or b"")
        if not raw or key_id_of(raw) == seal.current:
            continue
        place = place_of(column.table, column.column, " ".join(map(str, row)))
        sealed = seal.close_bytes(seal.open_bytes(raw, place) if is_sealed(raw) else raw, place)
        fresh = sealed if isinstance(value, bytes) else sealed.decode("ascii")
        connection.execute(update(table).where(*which).values({column.column: fresh}))
        count += 1
    return count


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _table(column: SealedColumn) -> Table:
    return Base.metadata.tables[column.table]


def _refuse_other(wanted: str, keys: Sequence[Key], store: KeyStore) -> None:
    if wanted in {key.id for key in keys}:
        return
    if not keys:
        text_, what = f"There is no key file {store.where}", "Put it back from the copy that you keep"
    else:
        text_, what = f"{store.where} holds other keys", "Put the right ones there"
    raise Unavailable(
        "seal.other_key",
        f"{text_}, but the secrets in the database are sealed with the key {wanted}.",
        f"{what}; every process of one database needs the same. If they are lost: pitline seal reset --lost",
    )
