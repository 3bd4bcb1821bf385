"""Quarantine: a restored system sends nothing until a person lets it.

A restored outbox holds what was sent long ago. So after a restore the deliveries of handlers and the
jobs that reach outside (`sends=True` in the manifest) wait, and every sender asks `ensure_free` before
it reaches outside. The state stands in the database; it only ever ends, by a person's word on /system.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlalchemy import Connection, func, select, text, update

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.backup.tables import backup_quarantine
from hub.kernel.context import Held, QuarantineState, Waiting
from hub.kernel.storage.database import Database
from hub.kernel.stream.outbox import DONE, PENDING, event_delivery, event_outbox

_LOOK_AGAIN = 1.0


class Quarantine:
    """Asked by the relay, the job runner and every sender. `holders`: handlers that reach outside;
    `held`: modules that send from a table of their own."""

    def __init__(
        self, database: Database, clock: Clock, holders: Iterable[str], held: Iterable[Held] = ()
    ) -> None:
        self._database = database
        self._clock = clock
        self._holders = tuple(sorted(holders))
        self._held = tuple(held)
        self._state: QuarantineState | None = None
        self._looked = float("-inf")
        self._is_over = False

    async def state(self) -> QuarantineState | None:
        """None: everything may be sent. While it lasts, the database is asked again every second; once
        it is over, or never began, it cannot come back in the life of a process."""
        if self._is_over or time.monotonic() - self._looked < _LOOK_AGAIN:
            return self._state
        self._state = await self._database.read(_present)
        self._looked = time.monotonic()
        self._is_over = self._state is None
        return self._state

    @property
    def known(self) -> QuarantineState | None:
        """As it was last known: the relay asks every second while it lasts."""
        return self._state

    async def ensure_free(self) -> None:
        """Before anything reaches outside. Raises Unavailable (`quarantine.on`) while it lasts."""
        if await self.state() is not None:
            raise Unavailable(
                "quarantine.on",
                "Nothing is sent: this system was restored from a backup.",
                "Look at /system at what waits, and release it.",
            )

    async def waiting(self) -> list[Waiting]:
        """What a release would let go, by handler."""
        d, o = event_delivery.c, event_outbox.c
        query = (
            select(d.handler, func.count(), func.min(o.occurred_at))
            .join_from(event_delivery, event_outbox, o.id == d.event_id)
            .where(text("event_delivery.state = 'pending'"), d.handler.in_(self._holders))
            .group_by(d.handler)
            .order_by(d.handler)
        )

        def ask(connection: Connection) -> list[Waiting]:
            ours = [Waiting(*row) for row in connection.execute(query)]
            return [*ours, *(one for held in self._held for one in held.waiting(connection))]

        return await self._database.read(ask)

    def release(self, connection: Connection, by: str | None, *, discard: bool) -> int:
        """End it, in the caller's transaction. `discard`: what waits is never sent. How many were
        dropped; a second release drops nothing."""
        now = self._clock.now()
        ended = connection.execute(
            update(backup_quarantine)
            .where(backup_quarantine.c.released_at.is_(None))
            .values(released_at=now, released_by=by)
        ).rowcount
        self._looked = float("-inf")
        if not ended or not discard:
            return 0
        drop = (
            update(event_delivery)
            .where(event_delivery.c.state == PENDING, event_delivery.c.handler.in_(self._holders))
            .values(state=DONE, last_error="dropped at the end of a quarantine")
        )
        dropped = connection.execute(drop).rowcount
        return dropped + sum(held.drop(connection) for held in self._held)


def _present(connection: Connection) -> QuarantineState | None:
    if not connection.dialect.has_table(connection, backup_quarantine.name):
        return None
    t = backup_quarantine.c
    query = select(t.id, t.begun_at, t.taken_at).where(t.released_at.is_(None)).order_by(t.id.desc())
    row = connection.execute(query.limit(1)).first()
    return QuarantineState(*row) if row is not None else None
