"""What /system, /readyz and /metrics are told of the machinery."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.context import SystemReport
from hub.kernel.jobs.runner import JobRunner
from hub.kernel.journal.files import FileJournal
from hub.kernel.processes.live import LiveHub
from hub.kernel.processes.supervisor import Supervisor
from hub.kernel.storage import sqlite
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import present_revision
from hub.kernel.stream.dead_letters import DeadLetters
from hub.kernel.stream.intake import GroupIntake
from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.kernel.stream.relay import Relay
from hub.kernel.stream.wakeup import Wakeup
from hub.ports.connector import Health

_STATES = (
    "off", "starting", "ready", "not_ready", "auth_failed", "contested", "error", "stopped", "elsewhere",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The running machinery. Handlers are given the system view, and the relay the handlers: so the
    view finds its parts only when it is asked."""

    relay: Relay
    bell: Wakeup
    intake: GroupIntake
    supervisor: Supervisor
    jobs: JobRunner
    handlers: frozenset[str]
    journal_folder: Path
    patience: float


class System:
    """Implements SystemView over the running parts."""

    def __init__(
        self,
        database: Database,
        live: LiveHub,
        journal: FileJournal,
        clock: Clock,
        parts: Callable[[], Parts],
    ) -> None:
        self._database = database
        self._live = live
        self._journal = journal
        self._clock = clock
        self._find_parts = parts
        self._started_at = clock.now()
        self._pulse: asyncio.Task[None] | None = None
        self._loop_lag = 0.0
        self._loop_lag_worst = 0.0
        self.letters = DeadLetters(database, lambda: self._parts.bell.ring_all(), live.deliver)

    @property
    def _parts(self) -> Parts:
        return self._find_parts()

    def start(self) -> None:
        """Begin to watch the event loop, and to count what was given up."""
        self._started_at = self._clock.now()
        self._pulse = asyncio.create_task(self._watch_loop(), name="loop-lag")
        self.letters.start()

    def stop(self) -> None:
        """Stop watching."""
        if self._pulse is not None:
            self._pulse.cancel()
        self.letters.stop()

    def connectors(self) -> Mapping[str, Health]:
        """Every connector of the catalogue, those that are off included."""
        return self._parts.supervisor.health()

    async def report(self) -> SystemReport:
        """Database, relay, journal, disk, versions: read now."""
        schema, pending, oldest, strays, dead, on_server = "", 0, 0.0, 0, 0, 0
        trouble = self._trouble()
        try:
            schema, pending, oldest, strays, dead = await self._database.read(self._count)
            on_server = await self._database.read(_server_bytes)
        except Unavailable as fault:
            trouble = trouble or fault
        relay_ok, relay_text = self._relay_state(pending, oldest, strays)
        sizes = await asyncio.to_thread(self._sizes)
        journal = self._journal.fared()
        return SystemReport(
            version=program_version(),
            database_ok=trouble is None,
            database_text="" if trouble is None else f"{trouble.text} {trouble.hint}".strip(),
            schema_version=schema,
            database_bytes=on_server or sizes[0],
            relay_ok=relay_ok,
            relay_text=relay_text,
            pending_deliveries=pending,
            oldest_pending_seconds=oldest,
            dead_deliveries=dead,
            journal_bytes=sizes[1],
            journal_files=sizes[2],
            disk_free_bytes=sizes[3],
            started_at=self._started_at,
            journal_text=journal.trouble,
            journal_dropped=journal.dropped,
            log_bytes=sizes[4],
            log_is_large=sizes[4] > 2 * sqlite.LARGEST_LOG,
            is_damaged=self._database.damage is not None,
        )

    def keep(self, *, journal_days: int, done_days: int) -> None:
        """How long journal files and done deliveries are kept, from now on."""
        self._journal.keep_days = journal_days
        self._parts.relay.keep_done_days = done_days

    def metrics(self) -> Mapping[str, float]:
        """Every counter and gauge by its Prometheus name."""
        counters, now, journal = self._parts.relay.counters, time.monotonic(), self._journal.fared()
        figures: dict[str, float] = {
            "pitline_up_seconds": (self._clock.now() - self._started_at).total_seconds(),
            "pitline_commits_total": self._database.commits,
            "pitline_database_wait_seconds": self._database.pressure.seconds,
            "pitline_intake_facts_total": self._parts.intake.accepted,
            "pitline_intake_duplicates_total": self._parts.intake.duplicates,
            "pitline_intake_waiting": self._parts.intake.waiting,
            "pitline_relay_deliveries_total": counters.handled,
            "pitline_relay_failures_total": counters.failed,
            "pitline_relay_dead_total": counters.dead,
            "pitline_relay_lost_claims_total": counters.lost_claims,
            "pitline_relay_batches_total": counters.batches,
            "pitline_relay_batch_largest": counters.largest_batch,
            "pitline_relay_idle_seconds": now - counters.last_run,
            "pitline_live_subscribers": self._live.watchers,
            "pitline_live_hints_total": self._live.published,
            "pitline_live_overflows_total": self._live.overflows,
            "pitline_journal_records_total": journal.records,
            "pitline_journal_dropped_total": journal.dropped,
            "pitline_job_runs_total": self._parts.jobs.runs,
            "pitline_job_failures_total": self._parts.jobs.failures,
            "pitline_loop_lag_seconds": self._loop_lag,
            "pitline_loop_lag_worst_seconds": self._loop_lag_worst,
        }
        for name, health in self.connectors().items():
            for state in _STATES:
                label = f'pitline_connector_state{{connector="{name}",state="{state}"}}'
                figures[label] = float(health.state == state)
        for name, counted in self._parts.supervisor.statistics().items():
            figures |= {f"pitline_{name}_{figure}": value for figure, value in counted.items()}
        return figures

    def _count(self, connection: Connection) -> tuple[str, int, float, int, int]:
        d, o = event_delivery.c, event_outbox.c
        is_pending = text("event_delivery.state = 'pending'")
        ours = d.handler.in_(self._parts.handlers)
        pending = connection.scalar(select(func.count()).select_from(event_delivery).where(is_pending, ours))
        strays = connection.scalar(select(func.count()).select_from(event_delivery).where(is_pending, ~ours))
        dead = connection.scalar(
            select(func.count()).select_from(event_delivery).where(text("event_delivery.state = 'dead'"))
        )
        first = connection.scalar(select(func.min(d.id)).where(is_pending, ours))
        age = 0.0
        if first is not None:
            oldest = connection.scalar(
                select(o.occurred_at).join(event_delivery, d.event_id == o.id).where(d.id == first)
            )
            age = max(0.0, (self._clock.now() - oldest).total_seconds()) if oldest else 0.0
        return present_revision(connection) or "", pending or 0, age, strays or 0, dead or 0

    def _trouble(self) -> Unavailable | None:
        return self._database.damage or self._parts.intake.trouble or self._parts.relay.trouble

    def _relay_state(self, pending: int, oldest: float, strays: int) -> tuple[bool, str]:
        idle = time.monotonic() - self._parts.relay.counters.last_run
        if idle > self._parts.patience:
            return False, f"The relay has not moved for {idle:.0f} seconds."
        said = []
        if pending:
            said.append(f"{pending} deliveries wait, the oldest for {oldest:.0f} seconds.")
        if strays:
            said.append(f"{strays} wait for modules that are switched off.")
        return True, " ".join(said)

    def _sizes(self) -> tuple[int, int, int, int, int]:
        """Bytes of the database, bytes and number of journal files, free bytes of the disk, bytes of
        SQLite's log."""
        base = self._database.path
        parts = [base, *(base.with_name(base.name + tail) for tail in ("-wal", "-shm"))] if base else []
        journal = self._journal.files()
        anchor = next((p for p in (base, self._parts.journal_folder) if p is not None and p.exists()), Path())
        return (
            sum(_size(path) for path in parts),
            sum(_size(path) for path in journal),
            len(journal),
            shutil.disk_usage(anchor.parent if anchor.is_file() else anchor).free,
            _size(parts[1]) if parts else 0,
        )

    async def _watch_loop(self) -> None:
        """How late the event loop wakes a sleeper: what every request feels."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.5)
            self._loop_lag = max(0.0, time.monotonic() - before - 0.5)
            self._loop_lag_worst = max(self._loop_lag_worst, self._loop_lag)


@cache
def program_version() -> str:
    """The installed version of Pitline."""
    try:
        return version("pitline")
    except PackageNotFoundError:
        return "unknown"


def _server_bytes(connection: Connection) -> int:
    if connection.dialect.name != "postgresql":
        return 0
    return connection.scalar(text("SELECT pg_database_size(current_database())")) or 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
