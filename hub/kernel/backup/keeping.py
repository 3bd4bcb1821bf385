"""The backups of an installation: taken, proved, written down, thinned out; and how they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, text, update

from hub.clock import Clock
from hub.errors import HubError, NotFound
from hub.kernel.backup.areas import Place, bytes_in
from hub.kernel.backup.reading import Progress
from hub.kernel.backup.rehearsal import rehearse
from hub.kernel.backup.retention import Kept, backups_in, to_drop
from hub.kernel.backup.tables import backup_runs
from hub.kernel.backup.taking import Plan, Taken, take_backup
from hub.kernel.backup.tombstones import Marks, Tombstones, collect, mirror_of, write_mirror
from hub.kernel.sealing.keys import KeyStore, written
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import new_id
from hub.log import get_logger
from hub.settings import Settings

_LONGEST = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRun:
    """One backup as it was written down. `state`: running, done, failed; `rehearsal`: ok, failed, or
    empty where there was none; `trouble` says why in a person's words."""

    id: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    path: str
    bytes: int
    is_encrypted: bool
    files: int
    seconds: int
    rehearsal: str
    rehearsed_at: datetime | None
    trouble: str

    @property
    def is_proved(self) -> bool:
        """It was put back on trial, and everything was there."""
        return self.state == "done" and self.rehearsal == "ok"


class Backups:
    """For the job, the page and the command alike."""

    def __init__(
        self, database: Database, settings: Settings, places: Sequence[Place],
        stones: Sequence[Tombstones], clock: Clock, program: str, keys: KeyStore,
    ) -> None:  # fmt: skip
        self._database = database
        self._settings = settings
        self._places = tuple(places)
        self._stones = tuple(stones)
        self._clock = clock
        self._program = program
        self._keys = keys
        self._log = get_logger("hub.backup")

    @property
    def folder(self) -> Path:
        """Where backups are kept."""
        return Path(self._settings.backup.folder)

    @property
    def database_file(self) -> Path | None:
        """SQLite's file."""
        return self._database.path

    async def work_to_do(self) -> int:
        """About how many bytes a run counts: written once, and read once on trial."""
        size = await self._database.read(_server_bytes)
        if self._database.path is not None:
            size = self._database.path.stat().st_size
        files = await asyncio.to_thread(lambda: sum(bytes_in(place) for place in self._places))
        return max(1, 2 * (size + files))

    async def run(
        self, kind: str, *, to: Path | None = None, key: bytes | None = None, progress: Progress | None = None
    ) -> BackupRun:
        """Take one, prove it, thin out the folder. A failure is written down and raised as HubError."""
        wanted = self._settings.backup.passphrase.value.encode() if key is None else key
        plan = Plan(
            url=self._settings.database.url, folder=to or self.folder, places=self._places,
            program=self._program, key=wanted, sealing_keys=lambda: written(self._keys.load()).encode(),
        )  # fmt: skip
        run_id, began = new_id(self._clock), time.monotonic()
        await self._begin(run_id, kind, is_encrypted=bool(wanted))
        try:
            taken = await take_backup(self._database, plan, self._clock, await self.mirror(), progress)
        except BaseException as error:
            await self._end(run_id, state="failed", trouble=_words(error))
            raise
        await self._end(
            run_id, state="done", path=str(taken.path), bytes=taken.size,
            files=sum(taken.manifest.areas.values()), seconds=int(time.monotonic() - began),
        )  # fmt: skip
        await self._prove(run_id, taken, wanted, progress)
        if to is None:
            await self._thin_out()
        return next(run for run in await self.last(50) if run.id == run_id)

    async def mirror(self) -> Marks:
        """Write what ended for good beside the database, and give it."""
        marks = await self._database.read(lambda connection: collect(connection, self._stones))
        await asyncio.to_thread(write_mirror, mirror_of(self._settings), marks)
        return marks

    async def last(self, limit: int = 10, *, before: str | None = None) -> list[BackupRun]:
        """Newest first; `before`: older than this one."""
        query = select(backup_runs).order_by(backup_runs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(backup_runs.c.id < before)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [BackupRun(**row._mapping) for row in rows]

    async def one(self, run_id: str) -> BackupRun:
        """Raises NotFound."""
        query = select(backup_runs).where(backup_runs.c.id == run_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound("backup.unknown", "There is no such backup.")
        return BackupRun(**row._mapping)

    async def kept(self, run_id: str) -> BackupRun:
        """A backup whose file is there. Raises NotFound."""
        run = await self.one(run_id)
        if run.id not in await self.present([run]):
            raise NotFound(
                "backup.not_kept", "This backup is not kept any more.", "Take a newer one of the list."
            )
        return run

    async def present(self, runs: Sequence[BackupRun]) -> frozenset[str]:
        """The ids of those that are finished and whose files are there."""
        return await asyncio.to_thread(
            lambda: frozenset(run.id for run in runs if run.state == "done" and Path(run.path).is_file())
        )

    async def last_proved(self) -> BackupRun | None:
        """The newest one that was put back on trial."""
        t = backup_runs.c
        query = select(backup_runs).where(t.state == "done", t.rehearsal == "ok").order_by(t.id.desc())
        row = await self._database.read(lambda connection: connection.execute(query.limit(1)).first())
        return BackupRun(**row._mapping) if row is not None else None

    async def sweep(self) -> None:
        """What runs for longer than any backup may was left by a killed process."""
        t = backup_runs.c
        long_ago = self._clock.now() - _LONGEST
        gone = update(backup_runs).where(t.state == "running", t.started_at < long_ago).values(
            state="failed", trouble="Pitline was stopped while it was being made."
        )  # fmt: skip
        await self._database.write(lambda connection: connection.execute(gone))

    async def _begin(self, run_id: str, kind: str, *, is_encrypted: bool) -> None:
        row = {
            "id": run_id, "kind": kind, "state": "running", "started_at": self._clock.now(),
            "is_encrypted": is_encrypted,
        }  # fmt: skip
        await self._database.write(lambda connection: connection.execute(insert(backup_runs).values(row)))

    async def _end(self, run_id: str, **values: object) -> None:
        values = {"finished_at": self._clock.now(), **values}
        await self._database.write(lambda connection: _put(connection, run_id, values))

    async def _prove(self, run_id: str, taken: Taken, key: bytes, progress: Progress | None) -> None:
        try:
            await rehearse(taken.path, key, self._settings.database.url, self._clock, progress)
        except HubError as error:
            self._log.error("a backup failed its rehearsal", path=str(taken.path), reason=error.text)
            result = {"rehearsal": "failed", "trouble": error.text}
        else:
            result = {"rehearsal": "ok"}
        values = {**result, "rehearsed_at": self._clock.now()}
        await self._database.write(lambda connection: _put(connection, run_id, values))

    async def _thin_out(self) -> None:
        backup = self._settings.backup
        kept = Kept(backup.keep_daily, backup.keep_weekly, backup.keep_monthly)
        proved = await self.last_proved()
        path = Path(proved.path) if proved is not None else None
        zone = ZoneInfo(self._settings.shop.timezone)
        for old in to_drop(await asyncio.to_thread(backups_in, self.folder), kept, zone, path):
            self._log.info("an old backup is dropped", path=str(old.path))
            await asyncio.to_thread(old.path.unlink, missing_ok=True)


def _server_bytes(connection: Connection) -> int:
    if connection.dialect.name != "postgresql":
        return 0
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _put(connection: Connection, run_id: str, values: dict[str, object]) -> None:
    connection.execute(update(backup_runs).where(backup_runs.c.id == run_id).values(values))


def _words(error: BaseException) -> str:
    return error.text if isinstance(error, HubError) else f"It was broken off ({type(error).__name__})."
