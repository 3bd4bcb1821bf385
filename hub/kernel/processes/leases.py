"""Who holds which link to the outside: one process each, by a lease in the database with a fencing token.

A holder renews its lease by the database's clock. When it dies, the lease runs out and another process
takes it with a greater token; what the former holder still brings bears the old token, and is refused in
the very transaction that would store it. One process alone on its file needs none of this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    case,
    extract,
    func,
    select,
    update,
)  # fmt: skip
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import Base, UtcDateTime
from hub.kernel.stream.outbox import moment
from hub.ports.connector import Health
from hub.ports.errors import LinkTaken

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

link_leases = Table(
    "link_leases",
    Base.metadata,
    Column("name", String(40), primary_key=True),
    Column("fence", _NUMBER, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("held_until", Float(53), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("text", Text, nullable=False),
)


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Fence:
    """The right to bring facts of a link; a greater token makes it void. What is brought renews the lease for
    so many `seconds`."""

    name: str
    token: int
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Which process holds a link, since when, and how it says the link is."""

    name: str
    owner: str
    taken_at: datetime
    health: Health


@dataclass(frozen=True, slots=True)
class _Found:
    holding: Holding
    is_held: bool
    """Whether the lease runs still."""


class Leases:
    """The leases of one process, whose name for people is `owner`. `seconds`: how long a lease runs
    without being renewed. Every method raises Unavailable while the database is away."""

    def __init__(self, database: Database, clock: Clock, owner: str, seconds: float) -> None:
        self._database = database
        self._clock = clock
        self.owner = owner[:120]
        self.seconds = seconds
        self._former: dict[str, float] = {}
        self._patient_until = -1.0

    def last_seen(self, name: str) -> datetime | None:
        """When the holder before us was, if we took the link because that did not renew its lease."""
        ended = self._former.get(name)
        return None if ended is None else datetime.fromtimestamp(ended - self.seconds, UTC)

    @property
    def are_needed(self) -> bool:
        """Whether other processes may share the database."""
        return not self._database.is_sqlite

    async def take(self, name: str) -> Fence | Holding:
        """Take the link if nobody holds it: our fence, or who holds it."""
        # Looked at first without a lock: most of the time somebody holds it and all is well.
        found = await self._timed(self._database.read(lambda connection: self._look(connection, name)))
        if found is not None and (found.is_held or self._is_patient):
            return found.holding
        return await self._timed(self._database.write(lambda connection: self._take(connection, name)))

    async def _timed(self, asked: Awaitable[R]) -> R:
        """Where the database is away, or slow, its holder could not renew either: it gets a whole lease
        to do so."""
        begun = self._clock.monotonic()
        try:
            answer = await asked
        except Unavailable:
            self._be_patient()
            raise
        if self._clock.monotonic() - begun > self.seconds / 2:
            self._be_patient()
        return answer

    def _be_patient(self) -> None:
        self._patient_until = self._clock.monotonic() + self.seconds

    @property
    def _is_patient(self) -> bool:
        return self._clock.monotonic() < self._patient_until

    async def renew(self, fence: Fence, health: Health) -> bool:
        """Go on holding it, and tell the others how it is; False when somebody else has taken it."""

        def write(connection: Connection) -> bool:
            values = {
                "until": moment(connection, self._clock) + self.seconds,
                "new_state": health.state, "new_since": health.since, "new_text": health.text,
            }  # fmt: skip
            renewed = connection.execute(_RENEW, {"link": fence.name, "mine": fence.token, **values})
            return renewed.rowcount == 1

        return await self._database.write(write)

    async def release(self, fence: Fence) -> None:
        """Let it go at once, so that nobody has to wait for its end."""
        await self._database.write(
            lambda connection: connection.execute(_RELEASE, {"link": fence.name, "mine": fence.token})
        )

    async def holdings(self) -> list[Holding]:
        """Every link that is held now, by whomever."""

        def read(connection: Connection) -> list[Holding]:
            now = moment(connection, self._clock)
            rows = connection.execute(select(link_leases).order_by(link_leases.c.name))
            return [_holding(row) for row in rows if row.held_until > now]

        return await self._database.read(read)

    def _look(self, connection: Connection, name: str) -> _Found | None:
        """None when nobody holds it and the last one let it go."""
        row = connection.execute(_LOOK, {"link": name}).first()
        if row is None or row.held_until <= 0:
            return None
        return _Found(_holding(row), row.held_until > moment(connection, self._clock))

    def _take(self, connection: Connection, name: str) -> Fence | Holding:
        now, at = moment(connection, self._clock), self._clock.now()
        mine = {"owner": self.owner, "held_until": now + self.seconds, "taken_at": at}
        told = {"state": "starting", "since": at, "text": ""}
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        token = connection.scalar(
            dialect.insert(link_leases).on_conflict_do_nothing().returning(link_leases.c.fence),
            {"name": name, "fence": 1, **mine, **told},
        )
        self._former.pop(name, None)
        if token is None:
            former = connection.execute(_LOOK, {"link": name}).one()
            token = connection.scalar(_TAKE.values(**mine, **told), {"link": name, "now": now})
            if token is not None and former.held_until > 0:
                self._former[name] = former.held_until
        if token is None:
            return _holding(connection.execute(_LOOK, {"link": name}).one())
        return Fence(name, token, self.seconds)


def refuse_stale(connection: Connection, fences: Collection[Fence]) -> None:
    """Stop a transaction that would store what a former holder brings. Until it ends, nobody can take
    these links over, and with its end the leases are renewed: on a busy machine a holder that stores facts
    may have no time for more, and what it has still to store would be refused. Raises LinkTaken."""
    is_server = connection.dialect.name == "postgresql"
    for fence in sorted(fences, key=lambda one: one.name):
        mine = {"link": fence.name, "mine": fence.token}
        if is_server:
            is_ours = connection.execute(_STAY, {**mine, "run": fence.seconds}).rowcount == 1
        else:
            is_ours = connection.scalar(_FENCE, {"link": fence.name}) == fence.token
        if not is_ours:
            raise LinkTaken(f"Another process has taken the link {fence.name} over.")


def _holding(row: Row[tuple[object, ...]]) -> Holding:
    health = Health(state=row.state, since=row.since, text=row.text)
    return Holding(name=row.name, owner=row.owner, taken_at=row.taken_at, health=health)


_lease = link_leases.c
_LOOK = select(link_leases).where(_lease.name == bindparam("link"))
_TAKE = (
    update(link_leases)
    .where(_lease.name == bindparam("link"), _lease.held_until <= bindparam("now"))
    .values(fence=_lease.fence + 1)
    .returning(_lease.fence)
)
_OURS = (_lease.name == bindparam("link"), _lease.fence == bindparam("mine"))
_RENEW = (
    update(link_leases)
    .where(*_OURS)
    .values(
        held_until=bindparam("until"), state=bindparam("new_state"), since=bindparam("new_since"),
        text=bindparam("new_text"),
    )
)  # fmt: skip
_NEW_END = extract("epoch", func.clock_timestamp()) + bindparam("run", type_=Float)
_STAY = (
    update(link_leases)
    .where(*_OURS)
    .values(held_until=case((_lease.held_until > 0, func.greatest(_lease.held_until, _NEW_END)), else_=0.0))
)
"""One that was let go stays free."""
_FENCE = select(_lease.fence).where(_lease.name == bindparam("link"))
_RELEASE = update(link_leases).where(*_OURS).values(held_until=0.0)
