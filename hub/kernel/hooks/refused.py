"""What was refused or could not be read, for /system: looked at, tried again after a mended setting or
program, or thrown away by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update

from hub.errors import NotFound
from hub.kernel.context import UnitOfWork
from hub.kernel.hooks.inbox import HookInbox, store
from hub.kernel.hooks.judging import judge
from hub.kernel.hooks.rows import request_of, row_of
from hub.kernel.hooks.tables import FAILED, WAITING, hook_refused, hook_requests
from hub.kernel.storage.database import Database
from hub.kernel.stream.outbox import Ids
from hub.ports.hooks import Forged

SHOWN_BYTES = 2000
_IS_OPEN = text("state <> 'done'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A request that a person may want to see. `text`: the beginning of its query and body."""

    id: str
    path: str
    received_at: datetime
    reason: str
    sender: str
    text: str
    size: int
    is_refused: bool


@dataclass(frozen=True, slots=True)
class HookState:
    """How the inbox is: how many of each, and since when the oldest of those that wait does."""

    waiting: int
    failed: int
    refused: int
    oldest: datetime | None
    newest_refused: datetime | None


class Refused:
    """The quarantine and what failed, as pages see them."""

    def __init__(self, database: Database, inbox: HookInbox, ids: Ids, stored: Callable[[], None]) -> None:
        self._database = database
        self._inbox = inbox
        self._ids = ids
        self._stored = stored

    async def state(self) -> HookState:
        """Counted now."""
        return await self._database.read(_counted)

    async def page(self, *, is_refused: bool, before: str | None = None, limit: int = 50) -> list[Kept]:
        """Newest first, those before the id `before`."""
        table = hook_refused if is_refused else hook_requests
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if not is_refused:
            query = query.where(_IS_OPEN, table.c.state == FAILED)
        if before is not None:
            query = query.where(table.c.id < before)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_kept(row, is_refused) for row in rows]

    async def again(self, uow: UnitOfWork, row_id: str | None = None) -> tuple[int, int]:
        """Judge the refused ones anew (all of them, or one), and have the failed ones tried again. How
        many are taken now, and how many stay refused. Raises NotFound for one that is not there."""
        taken, left = await uow.session.run_sync(lambda session: self._again(session.connection(), row_id))
        if row_id is not None and not taken and not left:
            raise NotFound("hooks.not_found", "This request is not there any more.")
        uow.after_commit(self._stored)
        return taken, left

    async def drop(self, uow: UnitOfWork, row_id: str) -> None:
        """A person says that it is nothing. Raises NotFound."""
        found = await uow.session.run_sync(
            lambda session: (
                session.connection().execute(delete(hook_refused).where(hook_refused.c.id == row_id)).rowcount
            )
        )
        if not found:
            raise NotFound("hooks.not_found", "This request is not there any more.")

    def _again(self, connection: Connection, row_id: str | None) -> tuple[int, int]:
        t = hook_requests.c
        revive = update(hook_requests).where(_IS_OPEN, t.state == FAILED).values(
            state=WAITING, owner=self._inbox.owner
        )  # fmt: skip
        query = select(hook_refused).order_by(hook_refused.c.id)
        if row_id is not None:
            revive, query = revive.where(t.id == row_id), query.where(hook_refused.c.id == row_id)
        taken = connection.execute(revive).rowcount
        left = 0
        for row in connection.execute(query).all():
            if self._believed(connection, row):
                taken += 1
            else:
                left += 1
        return taken, left

    def _believed(self, connection: Connection, row: Any) -> bool:
        t = hook_refused.c
        hook = self._inbox.hooks.get(row.path)
        if hook is None:
            return False
        request = request_of(row)
        judged = judge(hook, request)
        if isinstance(judged, Forged):
            connection.execute(update(hook_refused).where(t.id == row.id).values(reason=judged.reason))
            return False
        store(connection, [row_of(hook, request, judged, self._ids.next(), self._inbox.owner)], [])
        connection.execute(delete(hook_refused).where(t.id == row.id))
        return True


def _kept(row: Any, is_refused: bool) -> Kept:
    body = bytes(row.body or b"")
    shown = body[:SHOWN_BYTES].decode("utf-8", "replace")
    printable = "".join(char if char.isprintable() or char == "\n" else "�" for char in shown)
    return Kept(
        id=row.id,
        path=row.path + (f"?{row.query[:200]}" if row.query else ""),
        received_at=row.received_at,
        reason=row.reason if is_refused else row.error or "",
        sender=row.sender,
        text=printable,
        size=len(body),
        is_refused=is_refused,
    )


def _counted(connection: Connection) -> HookState:
    t = hook_requests.c
    states = select(t.state, func.count(), func.min(t.received_at)).where(_IS_OPEN).group_by(t.state)
    found = {state: (count, oldest) for state, count, oldest in connection.execute(states)}
    refused, newest = connection.execute(
        select(func.count(), func.max(hook_refused.c.received_at)).select_from(hook_refused)
    ).one()
    waiting, oldest = found.get(WAITING, (0, None))
    return HookState(
        waiting=waiting,
        failed=found.get(FAILED, (0, None))[0],
        refused=refused,
        oldest=oldest,
        newest_refused=newest,
    )
