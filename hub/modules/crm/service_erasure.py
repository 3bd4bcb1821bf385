"""A person's data go on request. What stays is what the law demands: that it was done, when, why, by whom,
and calls and tasks as bare facts. A restored older backup does it again. Never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, or_, select

from hub.errors import Invalid
from hub.events.crm import ClientErased
from hub.kernel.backup.tombstones import Burial, Tombstones, lay
from hub.kernel.clients import CLIENT_STONE, NUMBER_STONE, Erasure, number_mark
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.models import Change, Client, ErasedClient, Merge, Phone
from hub.modules.crm.service import ClientService
from hub.modules.crm.views import ErasureView

_LONGEST_REASON = 300
_MOST_STEPS = 50


class ErasureService:
    """Erasing, and the list of what was erased."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock
        self._clients = ClientService(uow, deps)

    async def erase(self, client_id: str, reason: str, second: str | None) -> ErasureView:
        """Everything of this client, in every module. Raises NotFound, Invalid."""
        await self._uow.take_turn("crm.merge")
        client = await self._clients.one(client_id)
        reason = reason.strip()
        if not reason or len(reason) > _LONGEST_REASON or "\x00" in reason:
            raise Invalid(
                "crm.invalid", "Some fields need another look.",
                fields={"reason": "Write who asked for it, and why; no name."},
            )  # fmt: skip
        now = self._clock.now()
        await self._uow.session.flush()

        def work(connection: Connection) -> int:
            ids = _with_merged(connection, client.id)
            numbers = _own_numbers(connection, ids)
            who = Erasure(client_ids=frozenset(ids), numbers=frozenset(numbers), until=now)
            last_first = reversed([*self._deps.clients.values()])  # what hangs on calls asks whose they were
            touched = sum(records.erase(connection, who) for records in last_first)
            erase_own(connection, ids)
            for one in ids:
                lay(connection, CLIENT_STONE, one, now)
            for key in numbers:
                lay(connection, NUMBER_STONE, number_mark(key, now), now)
            return touched

        touched = await self._uow.read(work)
        self._uow.session.expunge_all()
        row = ErasedClient(
            id=new_id(self._clock), client_id=client.id, at=now, actor=self._uow.actor, second=second,
            reason=reason, touched=touched,
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        self._uow.publish(ClientErased(client_id=client.id))
        self._uow.hint("client", client.id, client.rev + 1)
        return _view(row)

    async def recent(self, limit: int = 100) -> tuple[ErasureView, ...]:
        """Newest first."""
        query = select(ErasedClient).order_by(ErasedClient.id.desc()).limit(limit)
        return tuple(_view(row) for row in (await self._uow.session.scalars(query)).all())


def erase_own(connection: Connection, ids: Sequence[str]) -> None:
    """The records with all that hangs on them; words in the histories of others name them by id only."""
    connection.execute(delete(Change).where(Change.subject_id.in_(ids)))
    connection.execute(delete(Merge).where(or_(Merge.from_id.in_(ids), Merge.into_id.in_(ids))))
    connection.execute(delete(Client).where(Client.id.in_(ids)))


def _with_merged(connection: Connection, client_id: str) -> list[str]:
    """The record, and those that were merged into it."""
    found, newest = [client_id], [client_id]
    for _ in range(_MOST_STEPS):
        query = select(Client.id).where(Client.merged_into.in_(newest))
        newest = list(connection.execute(query).scalars())
        if not newest:
            break
        found += newest
    return found


def _own_numbers(connection: Connection, ids: Sequence[str]) -> list[str]:
    """The keys of their phones that nobody else has."""
    mine = set(connection.execute(select(Phone.key).where(Phone.client_id.in_(ids))).scalars()) - {None}
    query = select(Phone.key).where(Phone.key.in_(sorted(filter(None, mine))), Phone.client_id.not_in(ids))
    shared = set(connection.execute(query).scalars())
    return sorted(key for key in mine - shared if key is not None)


def _view(row: ErasedClient) -> ErasureView:
    return ErasureView(
        id=row.id, client_id=row.client_id, at=row.at, actor=row.actor, second=row.second, reason=row.reason
    )


def _bury(connection: Connection, burial: Burial) -> None:
    erase_own(connection, sorted(burial.marks.get(CLIENT_STONE, frozenset())))


TOMBSTONES = Tombstones(bury=_bury)
