"""Puts a backup back: everything is read, proved and made ready beside what is there; only then, in one
step, it takes its place. What was there is kept aside."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert

from hub.clock import Clock
from hub.errors import Conflict, Invalid, Unavailable
from hub.kernel.backup.archive import Header
from hub.kernel.backup.areas import Place
from hub.kernel.backup.manifest import Manifest
from hub.kernel.backup.reading import SEALING_KEYS, header_of, unpack
from hub.kernel.backup.tables import backup_quarantine, backup_runs
from hub.kernel.backup.tombstones import Burial, Marks, Tombstones, merged, read_marks
from hub.kernel.sealing.keys import Key, KeyStore, parse_keys
from hub.kernel.sealing.seal import Seal
from hub.kernel.sealing.upkeep import SealedColumn, give_up, key_is_missing, present_key
from hub.kernel.storage.migrating import revisions
from hub.kernel.storage.orm import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be put back, and where. `mirror` is the file of what ended for good, `keys` where the
    keys of sealed secrets are kept here, `sealed` what they have sealed; `without_key`: they are lost."""

    file: Path
    key: bytes
    url: str
    places: Sequence[Place]
    stones: Sequence[Tombstones]
    mirror: Path
    keys: KeyStore
    sealed: Sequence[SealedColumn]
    may_replace: bool = False
    without_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back. `kept`: where what was there before stands now. `is_whole`: whether everything
    that ended since the backup is known to have ended again. `to_do`: what a person has to set up anew."""

    manifest: Manifest
    kept: tuple[str, ...]
    schema: str
    is_whole: bool
    to_do: tuple[str, ...] = ()


def check_header(order: Order) -> Header:
    """The first look, before anything is unpacked. Raises Invalid."""
    header = header_of(order.file)
    kind = "sqlite" if order.url.startswith("sqlite") else "postgresql"
    if header.database != kind:
        raise Invalid(
            "backup.other_database",
            f"This backup is of a {header.database} database; HUB_DATABASE__URL names a {kind} one.",
            f"Name a {header.database} database in HUB_DATABASE__URL.",
        )
    known = revisions()
    if header.schema not in known:
        raise Invalid(
            "backup.newer_schema",
            f"This backup has the schema {header.schema}, which this program does not know "
            f"(it knows up to {known[-1]}).",
            f"Use Pitline {header.program} or a newer one.",
        )
    return header


@dataclass(slots=True)
class Staging:
    """Where a backup is made ready: beside its target, so that a rename is enough in the end."""

    folder: Path
    areas: dict[str, Path]
    manifest: Manifest | None = None

    async def fill(self, order: Order) -> Manifest:
        """Read the whole file; raises Invalid before anything else was touched."""
        self.folder.mkdir(parents=True, mode=0o700)
        self.manifest = await asyncio.to_thread(unpack, order.file, order.key, self.folder, self.areas)
        return self.manifest

    async def drop(self) -> None:
        """Whatever is left of it."""
        for path in (self.folder, *self.areas.values()):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    def marks(self) -> Marks:
        """What had ended when the backup was taken."""
        return read_marks(self.folder / "tombstones.json") or {}

    def keys(self) -> tuple[Key, ...]:
        """Those of its sealed secrets; none in a backup that is not encrypted."""
        path = self.folder / SEALING_KEYS
        return parse_keys(path.read_text(encoding="ascii"), "the backup") if path.exists() else ()


def staging_of(order: Order, base: Path, clock: Clock) -> Staging:
    """Below the database's folder, and beside each area."""
    name = f".restoring-{new_id(clock)}"
    areas = {place.name: place.folder.with_name(place.folder.name + name) for place in order.places}
    return Staging(base / name, areas)


def refuse_what_is_there(order: Order, *, has_database: bool) -> None:
    """Without --replace nothing of a person's may be in the way. Raises Conflict."""
    if order.may_replace:
        return
    full = [place for place in order.places if place.folder.is_dir() and any(place.folder.iterdir())]
    where = "the database" if has_database else f"the folder {full[0].folder}" if full else ""
    if where:
        raise Conflict(
            "restore.not_empty",
            f"There is something in {where} already.",
            "Say --replace to put the backup in its place; what is there now is kept aside.",
        )


def finish_rows(
    connection: Connection, order: Order, staging: Staging, burial: Burial, header: Header, clock: Clock
) -> list[str]:
    """In the restored database, before anybody sees it: what ended stays ended, its secrets can be opened,
    and the quarantine. What a person has to set up anew. Raises Unavailable where their key is not here."""
    to_do = _take_keys(connection, order, staging, clock)
    for stone in order.stones:
        stone.bury(connection, burial)
    connection.execute(
        delete(backup_runs).where(backup_runs.c.state == "running")
    )  # its own, not ended in it
    connection.execute(
        insert(backup_quarantine).values(
            id=new_id(clock), begun_at=burial.at, taken_at=datetime.fromisoformat(header.created_at)
        )
    )
    return to_do


def _take_keys(connection: Connection, order: Order, staging: Staging, clock: Clock) -> list[str]:
    wanted, here = present_key(connection), order.keys.load()
    brought = staging.keys() if order.keys.path is not None else ()
    if wanted is None or wanted in {key.id for key in (*here, *brought)}:
        if brought:
            order.keys.add(brought, first=False)  # more of them harm nobody, should the rest fail
        return []
    if not order.without_key:
        in_backup = {key.id for key in staging.keys()}  # noqa: SIM118 - no dictionary
        raise key_is_missing(wanted, order.keys, is_brought=wanted in in_backup)
    seal, present = Seal(order.keys), here or order.keys.create()
    seal.unlock(present, present[0].id)
    return give_up(connection, seal, order.sealed, clock)


def burial_of(staging: Staging, order: Order, former: Marks | None, clock: Clock) -> tuple[Burial, Marks]:
    """What ended, from the backup, the mirror and the former database."""
    mirrored = read_marks(order.mirror)
    marks = merged(staging.marks(), mirrored or {}, former or {})
    is_whole = mirrored is not None or former is not None
    sets = {kind: frozenset(refs) for kind, refs in marks.items()}
    return Burial(sets, clock.now(), is_whole), marks


def swap_areas(staging: Staging, places: Sequence[Place], stamp: str) -> list[str]:
    """Each area's folder takes its place; the former one is kept aside."""
    kept = []
    for place in places:
        fresh = staging.areas[place.name]
        fresh.mkdir(parents=True, exist_ok=True)
        if place.folder.is_dir():
            aside = place.folder.with_name(f"{place.folder.name}.kept-{stamp}")
            place.folder.rename(aside)
            kept.append(str(aside))
        fresh.rename(place.folder)
    return kept


def stamp_of(clock: Clock) -> str:
    """For the names of what is kept aside."""
    return clock.now().strftime("%Y%m%dT%H%M%SZ")


def cannot_write(error: OSError) -> Unavailable:
    """The disk or its rights are in the way."""
    return Unavailable(
        "restore.cannot_write",
        f"The backup cannot be put back: {error.strerror or error}: {error.filename or ''}.",
        "Check the disk's free space and the rights of the folders.",
    )
