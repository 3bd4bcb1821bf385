"""Claims of ordinary deliveries: compare-and-set with a lease and a fence token, portable SQL.

A delivery is free when it is due, nobody's lease runs, and no older pending one has the same handler
and key: that keeps the order per key, also between several relays on one server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.clock import Clock
from hub.kernel.context import Delivered
from hub.kernel.manifest import Subscription
from hub.kernel.stream.codec import Codec, Unreadable
from hub.kernel.stream.outbox import DONE, PENDING, Ids, event_delivery, moment
from hub.kernel.stream.waiting import behind, joined, read_event


class LostClaim(Exception):
    """The lease ran out and another relay took over: everything of ours must be undone."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until its lease ends."""

    id: int
    handler: str
    token: str
    attempts: int
    delivered: Delivered[Any] | Unreadable


class Claims:
    """Takes and finishes claims for the ordinary handlers."""

    def __init__(self, handlers: Mapping[str, Subscription], codec: Codec, clock: Clock) -> None:
        self.handlers = handlers
        self._codec = codec
        self._clock = clock
        self._ids = Ids(clock)
        d = event_delivery.c
        self._free, self._free_at_home = (
            joined(names)
            .where(d.not_before <= bindparam("now"), d.claimed_until <= bindparam("now"), ~behind())
            .limit(bindparam("free"))
            for names in (handlers, [name for name, one in handlers.items() if not one.sends])
        )

    def take(self, connection: Connection, free: int, lease: float, *, at_home: bool = False) -> list[Claim]:
        """Claim up to so many free deliveries, oldest first; `at_home`: none that reaches outside."""
        now = moment(connection, self._clock)
        claims = []
        query = self._free_at_home if at_home else self._free
        for row in connection.execute(query, {"now": now, "free": free}).all():
            token = self._ids.next()
            taken = connection.execute(
                _TAKE,
                {"delivery": row.id, "seen": row.claimed_until, "until": now + lease, "mine": token},
            )
            if taken.rowcount == 1:
                claims.append(Claim(row.id, row.handler, token, row.attempts, read_event(self._codec, row)))
        return claims

    async def finish(self, session: AsyncSession, claim: Claim) -> None:
        """Mark it done in the handler's own transaction. Raises LostClaim when it is not ours any more."""
        connection = await session.connection()
        done = await connection.execute(_FINISH, {"delivery": claim.id, "mine": claim.token})
        if done.rowcount != 1:
            raise LostClaim

    def release(self, connection: Connection, claims: Sequence[Claim]) -> None:
        """Let claims go at once; those that are not ours any more stay as they are."""
        for claim in claims:
            connection.execute(_HOLD, {"delivery": claim.id, "mine": claim.token})

    def is_ours(self, connection: Connection, claim: Claim) -> bool:
        """Whether a failure of this claim is ours to write down; locks the row until the commit."""
        held = connection.execute(_HOLD, {"delivery": claim.id, "mine": claim.token})
        return held.rowcount == 1


_delivery = event_delivery.c
_TAKE = (
    update(event_delivery)
    .where(
        _delivery.id == bindparam("delivery"),
        _delivery.state == PENDING,
        _delivery.claimed_until == bindparam("seen"),
    )
    .values(claimed_until=bindparam("until"), token=bindparam("mine"))
)
_OURS = (
    _delivery.id == bindparam("delivery"),
    _delivery.state == PENDING,
    _delivery.token == bindparam("mine"),
)
_FINISH = update(event_delivery).where(*_OURS).values(state=DONE)
_HOLD = update(event_delivery).where(*_OURS).values(claimed_until=0.0)
