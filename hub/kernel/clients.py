"""What modules keep of clients: declared in the manifest, so that merging and erasing reach everything,
also in a module that comes later.

    clients=ClientRecords(move=…, put_back=…, erase=…)

`move` gives what hangs on one client to another one and says what it moved; `put_back` undoes that with
what `move` said; `erase` takes every trace of a person away but what the law demands. `move` and `put_back`
run in the unit of work of the merging. `erase` is synchronous Core, since a restored backup runs it again;
modules that require others come first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from hub.kernel.backup.tables import backup_tombstones

if TYPE_CHECKING:
    from hub.kernel.backup.tombstones import Burial
    from hub.kernel.context import Deps, UnitOfWork

Moved = Mapping[str, list[str]]
"""What `move` remembers, in words of the module's own: table or reason to ids."""
CLIENT_STONE = "crm.client"
NUMBER_STONE = "crm.number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Everything of `from_id` becomes `into_id`'s. `shared` are matching keys of phones that both have:
    calls from them were nobody's for sure."""

    from_id: str
    into_id: str
    shared: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Whose traces go: by the client's ids (also of those merged into it), and by the matching keys of
    phones, as far as no other client has them. Only what was before `until`."""

    client_ids: frozenset[str]
    numbers: frozenset[str]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecords:
    """A module's part. `numbers_in` are the matching keys that stand in its tables (all, or those among the
    given): after a restore they are compared with the marks of those that were erased."""

    move: Callable[[UnitOfWork, Deps, Move], Awaitable[Moved]]
    put_back: Callable[[UnitOfWork, Deps, Move, Moved], Awaitable[None]]
    erase: Callable[[Connection, Erasure], int]
    numbers_in: Callable[[Connection, Collection[str] | None], Collection[str]]


def number_mark(key: str, until: datetime) -> str:
    """How an erased number is remembered: as a hash, with the moment that it was erased at."""
    return f"{hashlib.sha256(key.encode()).hexdigest()}@{int(until.timestamp())}"


def erase_again(records: ClientRecords, connection: Connection, burial: Burial) -> None:
    """After a restore: what was erased since the backup was taken goes once more. May run twice."""
    ids = burial.marks.get(CLIENT_STONE, frozenset())
    if ids:
        records.erase(connection, Erasure(client_ids=frozenset(ids), numbers=frozenset(), until=burial.at))
    numbers = records.numbers_in(connection, None) if burial.marks.get(NUMBER_STONE) else ()
    for key, until in erased_numbers(numbers, burial).items():
        one = Erasure(client_ids=frozenset(), numbers=frozenset({key}), until=until)
        records.erase(connection, one)


def erased_numbers(keys: Iterable[str], burial: Burial) -> dict[str, datetime]:
    """Those among the numbers that were erased, each with the last moment of it: what is younger stays."""
    return _marked(keys, burial.marks.get(NUMBER_STONE, frozenset()))


def known_as_erased(connection: Connection, keys: Iterable[str]) -> dict[str, datetime]:
    """The same by this database's own marks: for what tells of the past once more."""
    query = select(backup_tombstones.c.ref).where(backup_tombstones.c.kind == NUMBER_STONE)
    return _marked(keys, connection.execute(query).scalars())


def _marked(keys: Iterable[str], refs: Iterable[str]) -> dict[str, datetime]:
    marks: dict[str, int] = {}
    for ref in refs:
        digest, _, at = ref.partition("@")
        marks[digest] = max(marks.get(digest, 0), int(at or 0))
    found = ((key, marks.get(hashlib.sha256(key.encode()).hexdigest())) for key in keys)
    return {key: datetime.fromtimestamp(at, UTC) for key, at in found if at is not None}
