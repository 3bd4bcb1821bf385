"""Idempotency keys: a request that a program sends again has its effect once.

The key's row, with the answer, is written in the transaction of the effect. So there is never an
effect without its key nor a key without its effect: whatever is rolled back may be tried again with
the same key, and of two at the same moment the second waits and is given the answer of the first.
An answer may hold a new token or a webhook's secret, so it is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from hub.clock import Clock
from hub.errors import Conflict, Invalid, Unavailable
from hub.kernel.context import UnitOfWork
from hub.kernel.sealing.seal import Seal, place_of
from hub.kernel.sealing.upkeep import SealedColumn
from hub.kernel.storage.orm import Base, UtcDateTime

LONGEST_KEY = 255
PATIENCE = 5.0
"""Seconds that the second of two at the same moment waits for the first."""

idempotency_keys = Table(
    "idempotency_keys",
    Base.metadata,
    Column("actor", String(80), nullable=False),
    Column("route", String(120), nullable=False),
    Column("key", String(LONGEST_KEY), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers", String(500)),
    Column("body", LargeBinary),
    PrimaryKeyConstraint("actor", "route", "key"),
    Index("ix_idempotency_keys_made_at", "made_at"),
    info={"is_audited": False},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Who asks where by which key; `fingerprint` tells this request from any other with the key."""

    actor: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, to the byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class IdempotencyKeys:
    """The keys, for one unit of work. Never commits."""

    def __init__(self, uow: UnitOfWork, clock: Clock, seal: Seal) -> None:
        self._uow = uow
        self._clock = clock
        self._seal = seal

    async def begin(self, once: Once) -> Answer | None:
        """Take the key for this unit of work, or the answer that was given to it already. Raises
        Invalid when it was used for another request, Conflict when that is still being worked on."""
        if await self._take(once):
            return None
        row = (await self._uow.session.execute(select(idempotency_keys).where(_is(once)))).first()
        if row is None or row.status is None:  # taken by a transaction that ours cannot see
            raise Unavailable("database.conflict", "Somebody else changed the same thing at the same moment.")
        if row.fingerprint != once.fingerprint:
            raise Invalid(
                "idempotency.other_request",
                "This Idempotency-Key was used for another request.",
                "Make a new key for every new request, and send a retry unchanged.",
                fields={"Idempotency-Key": "This key was used with another body."},
            )
        body = self._seal.open_bytes(row.body, _place(once)) if row.body else b""
        return Answer(status=row.status, headers=json.loads(row.headers or "{}"), body=body)

    async def finish(self, once: Once, answer: Answer) -> None:
        """Keep the answer with the key."""
        values = {
            "status": answer.status,
            "headers": json.dumps(dict(answer.headers)),
            "body": self._seal.close_bytes(answer.body, _place(once)) if answer.body else b"",
        }
        await self._uow.session.execute(update(idempotency_keys).where(_is(once)).values(values))

    async def forget(self, days: float) -> None:
        """Drop keys that are older."""
        before = self._clock.now() - timedelta(days=days)
        await self._uow.session.execute(delete(idempotency_keys).where(idempotency_keys.c.made_at < before))

    async def _take(self, once: Once) -> bool:
        row: dict[str, Any] = {
            "actor": once.actor, "route": once.route, "key": once.key, "fingerprint": once.fingerprint,
            "made_at": self._clock.now(),
        }  # fmt: skip
        if self._uow.session.get_bind().dialect.name == "sqlite":
            made = await self._uow.session.execute(_TAKE_SQLITE, row)
            return bool(getattr(made, "rowcount", 0))
        await self._uow.session.execute(_WAIT, {"wait": f"{round(PATIENCE * 1000)}ms"})
        try:
            made = await self._uow.session.execute(_TAKE_POSTGRES, row)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_TIMEOUT:
                raise Conflict(
                    "idempotency.in_progress",
                    "The first request with this Idempotency-Key is still being worked on.",
                    "Send it again in a moment.",
                    data={"retry_after": 1},
                ) from error
            raise
        await self._uow.session.execute(_WAIT_AS_BEFORE)
        return bool(getattr(made, "rowcount", 0))


def _place(once: Once) -> str:
    return place_of(idempotency_keys.name, "body", f"{once.actor} {once.route} {once.key}")


def _forgotten(connection: Connection, _seal: Seal, _clock: Clock) -> list[str]:
    """A retry of what was done before is then done again."""
    gone = connection.execute(delete(idempotency_keys)).rowcount
    return [f"Answers kept for programs that ask again: {gone} are forgotten."] if gone else []


ANSWERS = SealedColumn(table=idempotency_keys.name, column="body", is_counted=False, lost=_forgotten)


def _is(once: Once) -> Any:
    columns = idempotency_keys.c
    return and_(columns.actor == once.actor, columns.route == once.route, columns.key == once.key)


_LOCK_TIMEOUT = "55P03"
_WAIT = text("SELECT set_config('lock_timeout', :wait, true)")
_WAIT_AS_BEFORE = text("SET LOCAL lock_timeout TO DEFAULT")
_TAKE_SQLITE = sqlite.insert(idempotency_keys).on_conflict_do_nothing()
_TAKE_POSTGRES = postgresql.insert(idempotency_keys).on_conflict_do_nothing()
