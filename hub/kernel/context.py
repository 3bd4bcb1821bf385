"""What handlers, services and pages are given to work with: passed in, never looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from hub.clock import Clock
from hub.events.base import Envelope, Event
from hub.kernel.shops import Places
from hub.kernel.texts import Texts
from hub.ports.connector import Health
from hub.ports.messaging import MessageSender, PracticePhone
from hub.ports.outbound import Outbound
from hub.ports.practice import PracticeMessenger
from hub.ports.speech import SpeechToText
from hub.ports.storage import Storage
from hub.ports.telephony import PracticeExchange, Telephony
from hub.values import ShopId

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from hub.kernel.backup.keeping import Backups
    from hub.kernel.bot import BotMenu
    from hub.kernel.client_links import ClientLink
    from hub.kernel.clients import ClientRecords
    from hub.kernel.hosts import Absence, ClientHost
    from hub.kernel.installation import Transactions
    from hub.kernel.jobs.definition import Jobs
    from hub.kernel.list_filters import ListFilter
    from hub.kernel.sealing.seal import Seal
    from hub.kernel.stream.dead_letters import DeadLetters
    from hub.kernel.triggers import Trigger
    from hub.kernel.web import CardPart, DeskStrip, SettingsItem
    from hub.settings import Settings

E_co = TypeVar("E_co", bound=Event, covariant=True)
A = TypeVar("A")
R = TypeVar("R")


class UnitOfWork(Protocol):
    """One transaction of a page, a handler or a job. Whoever opened it commits it; services only
    use `session` and `publish`. Nothing of it leaves before the commit."""

    @property
    def session(self) -> AsyncSession: ...

    @property
    def shop_id(self) -> ShopId:
        """The shop that new rows and events belong to."""
        ...

    @property
    def actor(self) -> str | None:
        """Who acts: `person:<id>`, `token:<id>`, or None for the hub itself."""
        ...

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run synchronous Core queries in one visit to the database: for what every hint asks for.
        In a writing unit of work they see what it has done so far."""
        ...

    async def glance(self, work: Callable[[Connection], R]) -> R:
        """As `read`, only for look-ups by key of well under a millisecond: those that are asked for at the
        same moment share the visit."""
        ...

    async def take_turn(self, what: str) -> None:
        """From here to the end of this transaction nobody else is past this line for the same `what`:
        for what is counted first and written then. SQLite's writers take turns anyway."""
        ...

    def publish(
        self,
        event: Event,
        *,
        occurred_at: datetime | None = None,
        external_id: str | None = None,
        shop_id: ShopId | None = None,
    ) -> None:
        """Remember a fact of the shop (None = where this work is done); on commit its outbox row and
        deliveries are written with the rest."""
        ...

    def hint(
        self,
        topic: str,
        row_id: str,
        rev: int,
        *,
        shop_id: ShopId | None = None,
        phones: Collection[str] = (),
    ) -> None:
        """Tell watchers, after the commit, that this row changed: those of the shop (None = where this
        work is done) and whoever has one of the phones."""
        ...

    def before_commit(self, work: Callable[[Connection], None]) -> None:
        """Run this as the last thing before the commit, when all else is written: for the little that
        has to lock a row which everybody wants."""
        ...

    def after_commit(self, call: Callable[[], None]) -> None:
        """Wake somebody of this process after the commit: quick, never fails, may be lost with it."""
        ...


class BatchContext(Protocol):
    """What a handler of the hot path works with: synchronous Core statements on the writer's
    connection, a whole batch in one transaction (house.md 14)."""

    @property
    def connection(self) -> Connection: ...

    @property
    def deps(self) -> Deps: ...

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None: ...

    def hint(
        self,
        topic: str,
        row_id: str,
        rev: int,
        shop_id: ShopId | None = None,
        phones: Collection[str] = (),
        *,
        may_wait: bool = False,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivered(Generic[E_co]):
    """An event as a handler gets it."""

    envelope: Envelope
    event: E_co


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """What an ordinary handler works with: its own unit of work, committed by the relay."""

    uow: UnitOfWork
    apis: Apis
    deps: Deps
    envelope: Envelope
    clock: Clock
    log: FilteringBoundLogger


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What services and pages may use besides the database. Built once by the composition root.
    `card` holds the parts of the caller's card of all modules that are on, in their order; `grants`
    says which right a role has and how far it reaches (hub.kernel.manifest.grants_of). `jobs` is where
    long work is asked for (hub.kernel.jobs.definition); `seal` closes and opens secrets that the database
    keeps (hub.kernel.sealing). `wake(module)` sets a module's workers of this process to work, for
    `uow.after_commit`."""

    settings: Settings
    clock: Clock
    jobs: Jobs
    places: Places
    seal: Seal
    wake: Callable[[str], None]
    telephony: Telephony | None = None
    practice: PracticeExchange | None = None
    practice_phones: tuple[PracticePhone, ...] = ()
    practice_messenger: PracticeMessenger | None = None
    system: SystemView | None = None
    outbound: Outbound | None = None
    senders: tuple[MessageSender, ...] = ()
    """Every connector that carries messages (hub.ports.messaging)."""
    quarantine: QuarantineView | None = None
    backups: Backups | None = None
    storage: Storage | None = None
    speech: SpeechToText | None = None
    card: tuple[CardPart, ...] = ()
    board: tuple[CardPart, ...] = ()
    """The parts of each call of the live board, likewise."""
    strips: tuple[DeskStrip, ...] = ()
    """The lines at the top of the desk, likewise."""
    hosts: tuple[ClientHost, ...] = ()
    """Who is at work for a client (hub.kernel.hosts), likewise."""
    absences: tuple[Absence, ...] = ()
    """Who is not to be rung now, likewise."""
    grants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    clients: Mapping[str, ClientRecords] = field(default_factory=dict)
    """What each module keeps of clients (hub.kernel.clients)."""
    triggers: tuple[Trigger, ...] = ()
    """What automatic messages may be written for, of all modules that are on."""
    filters: tuple[ListFilter, ...] = ()
    """What modules add to the lists of others (hub.kernel.list_filters)."""
    links: Mapping[str, ClientLink] = field(default_factory=dict)
    """What clients open by a short link, by its kind (hub.kernel.client_links)."""
    account: tuple[SettingsItem, ...] = ()
    """What a person sets up for themselves, on /account."""
    bot: tuple[BotMenu, ...] = ()
    """What modules add to the clients' bot (hub.kernel.bot), in order."""
    texts: Texts = field(default_factory=lambda: Texts(()))
    """Every module's texts in every language, for whatever is said outside of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a module's worker works with: it opens its units of work itself, none of them while it
    speaks to the outside. `work` is set when its module's observer
    has made work of facts that this process stored."""

    transactions: Transactions
    deps: Deps
    shop_id: ShopId
    work: asyncio.Event
    log: FilteringBoundLogger


class QuarantineView(Protocol):
    """Whether anything may be sent; of a system that was restored, nothing until a person says so."""

    async def ensure_free(self) -> None:
        """Before anything reaches outside. Raises Unavailable (`quarantine.on`) while it lasts."""
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """What a release would let go."""
        ...

    async def state(self) -> QuarantineState | None:
        """None: everything may be sent."""
        ...

    @property
    def known(self) -> QuarantineState | None:
        """The same as it was last known, for what cannot wait."""
        ...

    def release(self, connection: Connection, by: str | None, *, discard: bool) -> int:
        """End it, in the caller's transaction; `discard`: what waits is never sent. How many were
        dropped."""
        ...


@dataclass(frozen=True, slots=True)
class QuarantineState:
    """Since when nothing is sent, and from when the backup is."""

    id: str
    begun_at: datetime
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of one kind would reach outside: a handler's deliveries, or a module's own messages."""

    what: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A module whose worker sends from a table of its own: what waits in it, and how it is dropped for
    good (how many were). The worker asks `ensure_free` before it sends."""

    waiting: Callable[[Connection], Sequence[Waiting]]
    drop: Callable[[Connection], int]


class SystemView(Protocol):
    """The state of the machinery, for /system, /readyz and /metrics."""

    def connectors(self) -> Mapping[str, Health]:
        """Every connector of the catalogue, those that are off included."""
        ...

    async def report(self) -> SystemReport:
        """Database, relay, journal, disk, versions: read now."""
        ...

    @property
    def letters(self) -> DeadLetters:
        """Deliveries that were given up."""
        ...

    def keep(self, *, journal_days: int, done_days: int) -> None:
        """How long journal files and done deliveries are kept, from now on."""
        ...

    def metrics(self) -> Mapping[str, float]:
        """Every counter and gauge by its Prometheus name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """What /system shows of the machinery. Sizes in bytes, ages in seconds."""

    version: str
    database_ok: bool
    database_text: str
    schema_version: str
    database_bytes: int
    relay_ok: bool
    relay_text: str
    pending_deliveries: int
    oldest_pending_seconds: float
    dead_deliveries: int
    journal_bytes: int
    journal_files: int
    disk_free_bytes: int
    started_at: datetime
    journal_text: str = ""
    journal_dropped: int = 0
    log_bytes: int = 0
    """SQLite's log beside the database; `log_is_large`: somebody reads without an end."""
    log_is_large: bool = False
    is_damaged: bool = False
    """Whether the database stays as it is until the program is started anew."""


class ModuleApi(Protocol):
    """How a module's api class is built: for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None: ...


class Apis:
    """Hands out the api objects of installed modules for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps, installed: frozenset[type[Any]]) -> None:
        self._uow = uow
        self._deps = deps
        self._installed = installed
        self._made: dict[type[Any], Any] = {}

    def of(self, api: Callable[[UnitOfWork, Deps], A]) -> A:
        """The api object of a class, made once. LookupError when its module is switched off."""
        if api not in self._installed:
            raise LookupError(f"{api!r} is not the api of an installed module")
        kind: Any = api
        if kind not in self._made:
            self._made[kind] = api(self._uow, self._deps)
        made: A = self._made[kind]
        return made
