"""What the log of automatic messages keeps of clients."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.autotexts.models import Run


async def move(uow: UnitOfWork, _deps: Deps, what: Move) -> Moved:
    """What was written to the one was written to the other."""
    moved = update(Run).where(Run.client_id == what.from_id).values(client_id=what.into_id)
    ids = list((await uow.session.scalars(moved.returning(Run.id))).all())
    return {"runs": ids} if ids else {}


async def put_back(uow: UnitOfWork, _deps: Deps, what: Move, moved: Moved) -> None:
    """As it was."""
    for run_id in moved.get("runs", []):
        await uow.session.execute(
            update(Run).where(Run.id == run_id, Run.client_id == what.into_id).values(client_id=what.from_id)
        )


def erase(connection: Connection, who: Erasure) -> int:
    """That something was decided remains, without whom; what waits is not sent."""
    whose = or_(Run.client_id.in_(sorted(who.client_ids)), Run.number_key.in_(sorted(who.numbers)))
    mine = (whose, Run.happened_at <= who.until)
    connection.execute(
        update(Run).where(*mine, Run.state == "waiting").values(state="skipped", reason="not_client")
    )
    gone = connection.execute(
        update(Run).where(*mine).values(
            client_id=None, number=None, number_key=None, conversation_id=None, brought={}, detail="",
            fallback_at=None,
        )
    )  # fmt: skip
    return gone.rowcount


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Run.number_key).where(Run.number_key.is_not(None)).distinct()
    if among is not None:
        query = query.where(Run.number_key.in_(sorted(among)))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)
