"""A person's data go on request. What stays is what the law demands: that it was done, when, why, by whom,
and calls and tasks as bare facts. A restored older backup does it again. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, delete, or_, select, union, update

from hub.errors import Conflict, Invalid
from hub.events.crm import CallerErased, ClientErased
from hub.kernel.backup.tombstones import Burial, Tombstones, lay
from hub.kernel.clients import CLIENT_STONE, NUMBER_STONE, Erasure, erased_numbers, number_mark
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.living import merged_ids, own_numbers, owner_ids
from hub.modules.crm.models import Change, Client, ErasedClient, ErasureRequest, Learned, Merge, Phone
from hub.modules.crm.service import ClientService
from hub.modules.crm.views import ErasureView
from hub.values import ShopId

_LONGEST_REASON = 300
_MARKS_SECOND = timedelta(seconds=1)
"""A stone remembers whole seconds; what was asked in that one was fulfilled with it."""
TURN = "crm.erasure_requests"
"""Who asks and who decides take it, before that of merging."""
TOPIC = "erasure_request"
"""Of the hints to whoever decides."""


class ErasureService:
    """Erasing, and the list of what was erased."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock
        self._clients = ClientService(uow, deps)

    async def erase(self, client_id: str, reason: str, second: str | None) -> ErasureView:
        """Everything of this client, in every module. Raises NotFound, Invalid; Conflict while they talk."""
        await self._take_turns()
        client = await self._clients.one(client_id)
        row = await self._erase(client.id, None, reason, second)
        self._uow.publish(ClientErased(client_id=client.id))
        self._uow.hint("client", client.id, client.rev + 1)
        return row

    async def erase_number(self, key: str, reason: str, second: str | None) -> ErasureView:
        """Everything of a caller of whom nothing is known but the number (a matching key): calls, their
        sound, messages. Raises Invalid; Conflict where a client has it, and while they talk."""
        await self._take_turns()
        if (await self._uow.session.scalars(owner_ids(key).limit(1))).first() is not None:
            raise Conflict(
                "crm.number_has_clients", "Clients have this number by now.", "Erase the client who asked."
            )
        row = await self._erase("", key, reason, second)
        self._uow.publish(CallerErased(erasure_id=row.id))
        return row

    async def _take_turns(self) -> None:
        await self._uow.take_turn(TURN)
        await self._uow.take_turn("crm.merge")

    async def _erase(self, client_id: str, key: str | None, reason: str, second: str | None) -> ErasureView:
        reason = reason.strip()
        if not reason or len(reason) > _LONGEST_REASON or "\x00" in reason:
            raise Invalid(
                "crm.invalid", "Some fields need another look.",
                fields={"reason": "Write who asked for it, and why; no name."},
            )  # fmt: skip
        now, actor = self._clock.now(), self._uow.actor
        await self._uow.session.flush()

        done: list[Row[str, int, str]] = []

        def work(connection: Connection) -> int:
            ids, numbers = ([], [key]) if key is not None else _theirs(connection, client_id)
            who = Erasure(client_ids=frozenset(ids), numbers=frozenset(numbers), until=now)
            last_first = reversed([*self._deps.clients.values()])  # what hangs on calls asks whose they were
            touched = sum(records.erase(connection, who) for records in last_first)
            erase_own(connection, ids)
            for number in numbers:
                let_go(connection, number, now)
            done.extend(fulfil(connection, ids, numbers, now, actor))
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
        for one in done:
            self._uow.hint(TOPIC, one.id, one.rev, shop_id=ShopId(one.shop_id))
        return _view(row)

    async def recent(self, limit: int = 100) -> tuple[ErasureView, ...]:
        """Newest first."""
        query = select(ErasedClient).order_by(ErasedClient.id.desc()).limit(limit)
        return tuple(_view(row) for row in (await self._uow.session.scalars(query)).all())


def _theirs(connection: Connection, client_id: str) -> tuple[list[str], list[str]]:
    """The record with those that were merged into it, and their numbers that nobody else has."""
    ids = merged_ids(client_id)
    found = connection.execute(ids).scalars().all(), connection.execute(own_numbers(ids)).scalars().all()
    return sorted(found[0]), sorted(key for key in found[1] if key is not None)


def erase_own(connection: Connection, ids: Sequence[str]) -> None:
    """The records with all that hangs on them; words in the histories of others name them by id only."""
    connection.execute(delete(Change).where(Change.subject_id.in_(ids)))
    connection.execute(delete(Merge).where(or_(Merge.from_id.in_(ids), Merge.into_id.in_(ids))))
    connection.execute(delete(Client).where(Client.id.in_(ids)))


def let_go(connection: Connection, key: str, until: datetime) -> None:
    """A number that no living record has goes from those that were there until then and merged away."""
    if connection.execute(owner_ids(key).limit(1)).first() is None:
        hidden = select(Client.id).where(Client.created_at <= until)
        connection.execute(delete(Phone).where(Phone.key == key, Phone.client_id.in_(hidden)))
        connection.execute(delete(Learned).where(Learned.key == key, Learned.client_id.in_(hidden)))


def fulfil(
    connection: Connection, ids: Sequence[str], numbers: Sequence[str], at: datetime, actor: str | None
) -> Sequence[Row[str, int, str]]:
    """Whoever asked for it until then has got it; of what was asked before, neither number nor words stay.
    The requests that this has closed: id, rev, shop_id."""
    whose = or_(ErasureRequest.client_id.in_(ids), ErasureRequest.number.in_(numbers))
    mine = and_(whose, ErasureRequest.asked_at <= at)
    done = {"state": "done", "decided_at": at, "decided_by": actor, "rev": ErasureRequest.rev + 1}
    closing = update(ErasureRequest).where(mine, ErasureRequest.state == "open").values(done)
    closed = connection.execute(
        closing.returning(ErasureRequest.id, ErasureRequest.rev, ErasureRequest.shop_id)
    ).all()
    connection.execute(update(ErasureRequest).where(mine).values(number=None, words="", answer=""))
    return closed


def _view(row: ErasedClient) -> ErasureView:
    return ErasureView(
        id=row.id, client_id=row.client_id or None, at=row.at, actor=row.actor, second=row.second,
        reason=row.reason,
    )  # fmt: skip


def _bury(connection: Connection, burial: Burial) -> None:
    ids = sorted(burial.marks.get(CLIENT_STONE, frozenset()))
    erase_own(connection, ids)
    fulfil(connection, ids, (), burial.at, None)
    if not burial.marks.get(NUMBER_STONE):
        return
    asked = select(ErasureRequest.number).where(ErasureRequest.number.is_not(None))
    merged = select(Phone.key).join(Client, Client.id == Phone.client_id)
    known = union(asked, merged.where(Phone.key.is_not(None), Client.merged_into.is_not(None)))
    for key, until in erased_numbers(filter(None, connection.execute(known).scalars()), burial).items():
        let_go(connection, key, until + _MARKS_SECOND)
        fulfil(connection, (), [key], until + _MARKS_SECOND, None)


TOMBSTONES = Tombstones(bury=_bury)
