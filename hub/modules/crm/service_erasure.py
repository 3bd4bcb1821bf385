"""A person's data go on request. What stays is what the law demands: that it was done, when, why, by whom,
and calls and tasks as bare facts. A restored older backup does it again. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from hub.errors import Conflict, Invalid
from hub.events.crm import CallerErased, ClientErased
from hub.kernel.backup.tombstones import Burial, Tombstones, lay
from hub.kernel.clients import CLIENT_STONE, NUMBER_STONE, Erasure, number_mark
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.models import Change, Client, ErasedClient, ErasureRequest, Merge, Phone
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
        row = await self._erase(client.id, None, reason, second)
        self._uow.publish(ClientErased(client_id=client.id))
        self._uow.hint("client", client.id, client.rev + 1)
        return row

    async def erase_number(self, key: str, reason: str, second: str | None) -> ErasureView:
        """Everything of a caller of whom nothing is known but the number (a matching key): calls, their
        sound, messages. Raises Invalid; Conflict where a client has it."""
        await self._uow.take_turn("crm.merge")
        owners = select(Phone.client_id).where(Phone.key == key).limit(1)
        if (await self._uow.session.scalars(owners)).first() is not None:
            raise Conflict(
                "crm.number_has_clients", "Clients have this number by now.", "Erase the client who asked."
            )
        row = await self._erase("", key, reason, second)
        self._uow.publish(CallerErased(erasure_id=row.id))
        return row

    async def _erase(self, client_id: str, key: str | None, reason: str, second: str | None) -> ErasureView:
        reason = reason.strip()
        if not reason or len(reason) > _LONGEST_REASON or "\x00" in reason:
            raise Invalid(
                "crm.invalid", "Some fields need another look.",
                fields={"reason": "Write who asked for it, and why; no name."},
            )  # fmt: skip
        now, actor = self._clock.now(), self._uow.actor
        await self._uow.session.flush()

        def work(connection: Connection) -> int:
            ids = _with_merged(connection, client_id) if client_id else []
            numbers = [key] if key is not None else _own_numbers(connection, ids)
            who = Erasure(client_ids=frozenset(ids), numbers=frozenset(numbers), until=now)
            last_first = reversed([*self._deps.clients.values()])  # what hangs on calls asks whose they were
            touched = sum(records.erase(connection, who) for records in last_first)
            erase_own(connection, ids)
            fulfil(connection, ids, numbers, now, actor)
            for one in ids:
                lay(connection, CLIENT_STONE, one, now)
            for number in numbers:
                lay(connection, NUMBER_STONE, number_mark(number, now), now)
            return touched

        touched = await self._uow.read(work)
        self._uow.session.expunge_all()
        row = ErasedClient(
            id=new_id(self._clock), client_id=client_id, at=now, actor=actor, second=second, reason=reason,
            touched=touched,
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
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


def fulfil(
    connection: Connection, ids: Sequence[str], numbers: Sequence[str], at: datetime, actor: str | None
) -> None:
    """Whoever asked for it has got it; of what was asked before, neither number nor words stay."""
    mine = or_(ErasureRequest.client_id.in_(ids), ErasureRequest.number.in_(numbers))
    done = {"state": "done", "decided_at": at, "decided_by": actor, "rev": ErasureRequest.rev + 1}
    connection.execute(update(ErasureRequest).where(mine, ErasureRequest.state == "open").values(done))
    connection.execute(update(ErasureRequest).where(mine).values(number=None, words="", answer=""))


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
        id=row.id, client_id=row.client_id or None, at=row.at, actor=row.actor, second=row.second,
        reason=row.reason,
    )  # fmt: skip


def _bury(connection: Connection, burial: Burial) -> None:
    ids = sorted(burial.marks.get(CLIENT_STONE, frozenset()))
    erase_own(connection, ids)
    marks = {ref.partition("@")[0] for ref in burial.marks.get(NUMBER_STONE, frozenset())}
    asked = select(ErasureRequest.number).where(ErasureRequest.number.is_not(None)).distinct()
    known = filter(None, connection.execute(asked).scalars().all() if marks else ())
    again = [key for key in known if number_mark(key, burial.at).partition("@")[0] in marks]
    fulfil(connection, ids, again, burial.at, None)


TOMBSTONES = Tombstones(bury=_bury)
