"""Works through what the inbox has stored: translated, and its facts taken in by the transaction that marks
it as done. Each process does what it took itself, at once; what a dead one left, any other does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.hooks.inbox import HookInbox
from hub.kernel.hooks.judging import Stumbled, translated
from hub.kernel.hooks.keeping import Keeping
from hub.kernel.hooks.rows import request_of
from hub.kernel.hooks.tables import DONE, FAILED, WAITING, hook_requests
from hub.kernel.storage.database import Database
from hub.kernel.stream.intake import GroupIntake
from hub.log import get_logger
from hub.ports.errors import LinkTaken
from hub.ports.intake import Arrival

_AT_ONCE = 200
_IN_A_FLOOD, _FLOOD_PAUSE = 5, 0.5
_LEFT_BEHIND = timedelta(seconds=5)
_LOOK_AGAIN = 2.0
_WAIT_AFTER_TROUBLE = 1.0


@dataclass(slots=True)
class _Portion:
    """Requests that become facts in one transaction, and those that nobody can read."""

    ids: list[str] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class HookWorker:
    """One task of this process. `bell` is set when something was stored."""

    def __init__(
        self, database: Database, inbox: HookInbox, intake: GroupIntake, keeping: Keeping, clock: Clock,
        bell: asyncio.Event,
    ) -> None:  # fmt: skip
        self._database = database
        self._inbox = inbox
        self._intake = intake
        self._keeping = keeping
        self._clock = clock
        self._bell = bell
        self._task: asyncio.Task[None] | None = None
        self._log = get_logger("hub.hooks")

    def start(self) -> None:
        """Begin with what was left by a kill."""
        if self._inbox.hooks:
            self._task = asyncio.create_task(self._run(), name="hook-worker")

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                if self._inbox.is_flooded:
                    await self.work(_IN_A_FLOOD)
                    await asyncio.sleep(_FLOOD_PAUSE)
                    continue
                if await self.work():
                    continue
                await self._keeping.tend()
            except Unavailable as fault:
                self._log.warning("webhooks wait to be worked on", code=fault.code)
                await asyncio.sleep(_WAIT_AFTER_TROUBLE)
                continue
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def work(self, most: int = _AT_ONCE) -> bool:
        """Do one portion; True when there may be more."""
        rows = await self._database.read(partial(self._read, most=most))
        if not rows:
            return False
        await self._do(rows)
        return len(rows) == most

    def _read(self, connection: Connection, most: int) -> Sequence[Any]:
        t = hook_requests.c
        query = select(hook_requests).where(text("state <> 'done'"), t.state == WAITING)
        if connection.dialect.name != "sqlite":  # one process alone has no others to leave anything to
            before = self._clock.now() - _LEFT_BEHIND
            query = query.where(or_(t.owner == self._inbox.owner, t.received_at < before))
        return connection.execute(query.order_by(t.id).limit(most)).all()

    async def _do(self, rows: Sequence[Any]) -> None:
        """All of them together; where that is refused, one by one, so that a bad one holds up nobody."""
        portion = self._portion(rows)
        try:
            if portion.arrivals:
                await self._intake.accept(portion.arrivals, mark=partial(settle, ids=portion.ids))
            elif portion.ids:
                await self._database.write(partial(settle, ids=portion.ids))
        except LinkTaken:
            if len(rows) > 1:  # another process has done one of them; the others are ours to do
                for row in rows:
                    await self._do([row])
        except (SQLAlchemyError, ValueError, TypeError) as error:
            if len(rows) > 1:
                for row in rows:
                    await self._do([row])
                return
            portion.failed[rows[0].id] = f"Its facts could not be stored: {error!r}"[:500]
        for row_id, reason in portion.failed.items():
            await self._database.write(partial(fail, row_id=row_id, reason=reason))

    def _portion(self, rows: Sequence[Any]) -> _Portion:
        portion = _Portion()
        for row in rows:
            hook = self._inbox.hooks.get(row.path)
            if hook is None:
                portion.failed[row.id] = "Nothing here takes this address any more."
                continue
            try:
                portion.arrivals.extend(translated(hook, request_of(row)))
                portion.ids.append(row.id)
            except Stumbled as error:
                portion.failed[row.id] = str(error)
        return portion


def settle(connection: Connection, ids: Sequence[str]) -> None:
    """Mark them as done. Raises LinkTaken when another process was faster with one of them."""
    t = hook_requests.c
    done = connection.execute(
        update(hook_requests)
        .where(and_(t.id.in_(list(ids)), t.state == WAITING))
        .values(state=DONE, error=None)
    ).rowcount
    if done != len(ids):
        raise LinkTaken("another process has done it")


def fail(connection: Connection, row_id: str, reason: str) -> None:
    """It waits for a mended program, and for a person who has it tried again."""
    t = hook_requests.c
    connection.execute(
        update(hook_requests)
        .where(t.id == row_id, t.state == WAITING)
        .values(state=FAILED, error=reason.replace("\x00", "�"))
    )
