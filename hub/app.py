"""The hub: built from settings, modules and connectors; knows the order of start and stop, no vendor."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from hub.clock import Clock
from hub.events.base import Event
from hub.events.catalogue import EVENTS
from hub.kernel.backup.areas import places_of
from hub.kernel.backup.keeping import Backups
from hub.kernel.backup.quarantine import Quarantine
from hub.kernel.check import check, check_features
from hub.kernel.context import Deps, WorkerContext
from hub.kernel.gate import (
    absences,
    account_items,
    board_parts,
    bot_menus,
    card_parts,
    client_hosts,
    client_links,
    desk_strips,
    job_gate,
    list_filters,
)
from hub.kernel.hooks.desk import Hooks
from hub.kernel.installation import Installation
from hub.kernel.jobs.queue import JobQueue
from hub.kernel.jobs.runner import JobRunner
from hub.kernel.jobs.store import JobStore
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module, grants_of
from hub.kernel.processes.leases import Leases
from hub.kernel.processes.limits import MemoryLimiter
from hub.kernel.processes.links import Links, SharedTelephony
from hub.kernel.processes.live import LiveHub
from hub.kernel.processes.neighbours import Neighbours, SharedLimiter
from hub.kernel.processes.supervisor import Supervisor
from hub.kernel.processes.workers import WorkerRunner
from hub.kernel.sealing.columns import columns_of
from hub.kernel.sealing.keys import store_of
from hub.kernel.sealing.seal import Seal
from hub.kernel.sealing.upkeep import Sealing
from hub.kernel.shops import FIRST_SHOP, Places
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate
from hub.kernel.stream.claims import Claims
from hub.kernel.stream.codec import Codec
from hub.kernel.stream.hotline import HotLine
from hub.kernel.stream.hotpath import Failed, HotPath
from hub.kernel.stream.intake import GroupIntake
from hub.kernel.stream.outbox import Outbox
from hub.kernel.stream.rehearsal import Rehearsal
from hub.kernel.stream.relay import Relay
from hub.kernel.stream.routing import Routing, installed
from hub.kernel.stream.wakeup import RelayCounters, Wakeup
from hub.kernel.support import Support
from hub.kernel.system import Parts, System, program_version
from hub.kernel.texts import Texts
from hub.kernel.uow import SqlTransactions
from hub.log import LogMemory, get_logger
from hub.ports.bus import Bus
from hub.ports.connector import Connector
from hub.ports.messaging import MessageSender, PracticePhone
from hub.ports.outbound import Outbound
from hub.ports.practice import PracticeMessenger
from hub.ports.storage import Storage
from hub.ports.telephony import PracticeExchange, Telephony
from hub.settings import Settings


class Hub:
    """Everything that runs behind the web admin. Building it checks the manifests; `open` makes the
    database ready (enough for commands), `start` sets relay, jobs and connectors to work."""

    def __init__(
        self,
        settings: Settings,
        modules: Iterable[Module],
        *,
        clock: Clock,
        journal: FileJournal,
        connectors: Sequence[Connector] = (),
        off: Mapping[str, str] | None = None,
        telephony: Telephony | None = None,
        practice: PracticeExchange | None = None,
        outbound: Outbound | None = None,
        senders: Sequence[MessageSender] = (),
        bus: Bus | None = None,
        storage: Storage | None = None,
        events: Sequence[type[Event]] = EVENTS,
        exclusive: bool = True,
        lines: LogMemory | None = None,
    ) -> None:
        modules = tuple(modules)
        self.modules = installed(modules, settings.modules.off)
        check(self.modules)
        check_features(self.modules, settings.shop.plan)
        self._events = events
        self._is_open = False
        self._log = get_logger("hub.app")
        self._bell = Wakeup()
        self._counters = RelayCounters()
        self._routing = routing = Routing(self.modules)
        self.codec = Codec(events)
        self._outbox = Outbox(self.codec, clock, routing.routes, routing.hot, routing.observers)
        self.journal = journal
        self.live = LiveHub()
        self.database = Database(settings.database.url, exclusive=exclusive)
        self.transactions = SqlTransactions(self.database, self._outbox, self.live, clock, self._bell.ring)
        self.system = System(self.database, self.live, journal, clock, self._parts)
        self.leases = Leases(self.database, clock, owner(), settings.links.lease)
        self.links = Links(self.leases) if self.leases.are_needed else None
        if telephony is not None and self.links is not None:
            telephony = SharedTelephony(telephony, self.links)
        jobs = JobStore([job for m in self.modules for job in m.jobs], clock, settings.shop.timezone)
        self.quarantine = Quarantine(
            self.database, clock, self._routing.senders, [m.held for m in self.modules if m.held is not None]
        )
        self.seal = Seal(store_of(settings))
        self.sealing = Sealing(self.database, self.seal, columns_of(modules), clock)
        self.backups = self._backups(settings, clock)
        self.support = Support(self.database, self.system, self.backups, settings, lines or LogMemory(0))
        deps = self._deps(settings, clock, jobs, telephony, practice, outbound, storage, senders, connectors)
        self.hooks = Hooks(self.database, connectors, clock, self._outbox.ids, owner(), settings.hooks)
        self.installation = self._installation(deps, bus)
        self._neighbours = self._joined(bus) if bus is not None else None
        rehearsing = self._hot_path(self._stumbled)
        self._rehearsal = Rehearsal(rehearsing, self._outbox, events, FIRST_SHOP, settings.shop.country)
        hot = HotLine(self._hot_path(self._counters.failure), self.live, self._bell, self._counters)
        self.intake = GroupIntake(self.database, self._outbox, hot, self._bell, FIRST_SHOP)
        self.relay = self._relay(hot)
        self.supervisor = Supervisor(connectors, self.intake, clock, settings.supervisor, off, self.links)
        self.jobs = self._job_runner(jobs)
        self.workers = self._worker_runner()

    def runner_of(self, name: str) -> JobRunner:
        """Runs this job and no other one: for a command that waits for it. Raises LookupError."""
        job = next((one for module in self.modules for one in module.jobs if one.name == name), None)
        if job is None:
            raise LookupError(f"there is no job {name}")
        installation = self.installation
        return self._job_runner(JobStore([job], installation.clock, installation.settings.shop.timezone))

    def last_seen(self, link: str) -> datetime | None:
        """When whoever held this link before us was last seen, if that was killed."""
        return self.leases.last_seen(link) if self.leases.are_needed else self.database.last_seen

    def _deps(
        self, settings: Settings, clock: Clock, jobs: JobStore, telephony: Telephony | None,
        practice: PracticeExchange | None, outbound: Outbound | None, storage: Storage | None,
        senders: Sequence[MessageSender], connectors: Sequence[Connector],
    ) -> Deps:  # fmt: skip
        return Deps(
            settings=settings,
            clock=clock,
            jobs=JobQueue(jobs, clock, lambda: self.jobs.wake(), job_gate(self.modules, settings.shop.plan)),
            places=Places(settings.shop),
            telephony=telephony,
            practice=practice,
            practice_phones=tuple(one for one in connectors if isinstance(one, PracticePhone)),
            practice_messenger=next((one for one in connectors if isinstance(one, PracticeMessenger)), None),
            system=self.system,
            outbound=outbound,
            senders=tuple(senders),
            quarantine=self.quarantine,
            backups=self.backups,
            storage=storage,
            seal=self.seal,
            wake=self._bell.wake,
            card=card_parts(self.modules, settings.shop.plan),
            board=board_parts(self.modules, settings.shop.plan),
            strips=desk_strips(self.modules, settings.shop.plan),
            hosts=client_hosts(self.modules, settings.shop.plan),
            absences=absences(self.modules, settings.shop.plan),
            grants=grants_of(self.modules),
            triggers=tuple(one for module in self.modules for one in module.triggers),
            filters=list_filters(self.modules, settings.shop.plan),
            clients={module.name: module.clients for module in self.modules if module.clients is not None},
            links=client_links(self.modules, settings.shop.plan),
            account=account_items(self.modules, settings.shop.plan),
            bot=bot_menus(self.modules, settings.shop.plan),
            texts=Texts(module.folder / "locales" for module in self.modules),
        )

    def _installation(self, deps: Deps, bus: Bus | None) -> Installation:
        return Installation(
            settings=deps.settings,
            clock=deps.clock,
            modules=self.modules,
            apis=frozenset(m.api for m in self.modules if isinstance(m.api, type)),
            transactions=self.transactions,
            live=self.live,
            deps=deps,
            system=self.system,
            default_shop=FIRST_SHOP,
            support=self.support,
            sealing=self.sealing,
            pressure=self.database.pressure,
            limiter=MemoryLimiter(deps.clock) if bus is None else SharedLimiter(bus, deps.clock),
            hooks=self.hooks.inbox,
            refused_hooks=self.hooks.refused,
        )

    def _joined(self, bus: Bus) -> Neighbours:
        poll = self.installation.settings.relay.poll
        return Neighbours(bus, self.live, self._bell, self.database, poll)

    def _backups(self, settings: Settings, clock: Clock) -> Backups:
        areas = [area for module in self.modules for area in module.files]
        stones = [module.tombstones for module in self.modules if module.tombstones is not None]
        places = places_of(areas, settings)
        keys = self.seal.store
        return Backups(self.database, settings, places, stones, clock, program_version(), keys)

    def _hot_path(self, failed: Failed) -> HotPath:
        settings = self.installation.settings.relay
        return HotPath(
            self._routing.batch,
            outbox=self._outbox,
            codec=self.codec,
            deps=self.installation.deps,
            clock=self.installation.clock,
            size=settings.batch,
            backoff=settings.backoff,
            failed=failed,
        )

    def _relay(self, hot: HotLine) -> Relay:
        installation = self.installation
        return Relay(
            self.database,
            self.transactions,
            hot,
            Claims(self._routing.ordinary, self.codec, installation.clock),
            self._bell,
            self._counters,
            self.quarantine,
            deps=installation.deps,
            apis=installation.apis,
            clock=installation.clock,
            settings=installation.settings.relay,
        )

    def _job_runner(self, store: JobStore) -> JobRunner:
        installation = self.installation
        return JobRunner(
            store,
            self.database,
            self.transactions,
            self.live,
            self.quarantine,
            deps=installation.deps,
            apis=installation.apis,
            clock=installation.clock,
            settings=installation.settings.jobs,
        )

    def _worker_runner(self) -> WorkerRunner:
        context = WorkerContext(
            transactions=self.transactions,
            deps=self.installation.deps,
            shop_id=FIRST_SHOP,
            work=asyncio.Event(),
            log=self._log,
        )
        return WorkerRunner(self.modules, context, self._bell)

    def _parts(self) -> Parts:
        settings = self.installation.settings
        return Parts(
            relay=self.relay,
            bell=self._bell,
            intake=self.intake,
            supervisor=self.supervisor,
            jobs=self.jobs,
            handlers=frozenset((*self._routing.batch, *self._routing.ordinary)),
            journal_folder=Path(settings.journal.folder),
            patience=max(10.0, settings.relay.poll * 10),
        )

    async def open(self) -> None:
        """Open the database, bring it to this program's schema, and take the keys of its secrets. A second
        call does nothing."""
        if not self._is_open:
            await self.database.open()
            self._is_open = True
            await migrate(self.database)
            await self.sealing.unlock()

    async def start(self) -> None:
        """Open, warm, relay, jobs, connectors: in this order, so that the first fact finds all ready."""
        await self.open()
        await self._warm()
        self.system.start()
        if self._neighbours is not None:
            self._neighbours.start()
        await self.relay.start()
        self._bell.ring_all()
        self.jobs.start()
        self.workers.start()
        self.journal.start()
        self.hooks.start(self.intake)
        self.supervisor.start()
        self._log.info("the hub runs", modules=len(self.modules))

    async def stop(self) -> None:
        """The other way round, within four seconds: what was taken in is stored, what runs is finished
        or undone."""
        await self.supervisor.stop(2.0)
        await self.workers.stop()
        await self.jobs.stop()
        await self.hooks.stop()
        await self.intake.stop(0.5)
        await self.relay.stop(1.0)
        self.system.stop()
        if self._neighbours is not None:
            self._neighbours.stop()
        await asyncio.to_thread(self.journal.stop, 0.5)
        await self.close()

    async def close(self) -> None:
        """Let go of the database (all that `open` needs)."""
        self._is_open = False
        await self.database.close()

    async def _warm(self) -> None:
        """Run the hot path on made-up facts and undo it."""

        def rehearse(connection: Connection) -> None:
            self._rehearsal.run(connection, self.installation.clock.now())
            raise _Undo

        try:
            await self.database.write(rehearse)
        except _Undo:
            return

    def _stumbled(self, handler: str, error: Exception, _attempt: int, _is_last: bool) -> None:
        self._log.warning("a handler stumbled over a made-up fact", handler=handler, error=repr(error))


def owner() -> str:
    """This process by a name that a person can find it by."""
    return f"{socket.gethostname()[:60]}, process {os.getpid()}"


class _Undo(Exception):
    """Rolls the rehearsal back."""
