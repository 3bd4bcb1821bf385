"""`import`: a file of clients or of an older PBX's calls, on a stopped and on a running system.

The file goes the way of the page /imports: it is stored, and a job takes it in. Beside a running hub on
SQLite the hub does the job, since one process writes; else this command does it. What was done stays done
when it is broken off, and whoever runs first afterwards goes on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

from hub.app import Hub
from hub.errors import HubError, Invalid
from hub.kernel.context import Apis, UnitOfWork
from hub.kernel.jobs.definition import JobRun
from hub.kernel.plans import load_plans
from hub.modules.access.api import AccessApi
from hub.modules.imports.api import TAKE_IN, FileKind, FileView, ImportsApi, is_history, opened
from hub.settings import Settings

_LOOK_EVERY = 0.2
_MOST_TOLD = 10_000


async def import_file(settings: Settings, wanted: argparse.Namespace) -> bool:
    """Take it in, and tell line by line what was wrong; whether nothing was."""
    from hub.main import opened_hub

    path = _path(wanted.file)
    async with opened_hub(settings) as hub:
        _demand(hub)
        file, run_id = await _stored(hub, path, wanted)
        run = await _followed(hub, run_id)
        return await _told(hub, path, file.id, run)


def _path(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise Invalid("imports.none", f"There is no file {path}.", "Name a CSV, XLSX or VCF file.")
    return path


def _demand(hub: Hub) -> None:
    module = next((one for one in hub.modules if one.name == "imports"), None)
    if module is None:
        raise Invalid("imports.off", "The module imports is switched off.", "Look at HUB_MODULES__OFF.")
    load_plans().demand(hub.installation.settings.shop.plan, module.feature)


async def _stored(hub: Hub, path: Path, wanted: argparse.Namespace) -> tuple[FileView, str]:
    """In one transaction: the file, what its columns mean, the run, and who asked for it."""
    found = await asyncio.to_thread(lambda: opened(path.read_bytes(), path.name, wanted.encoding or ""))
    kind = _kind(wanted.kind, found.head)
    async with _writing(hub) as uow:
        imports = _imports(hub, uow)
        file = await imports.store(found, kind)
        mapping = _mapping(wanted.mapping, found.head, file.mapping)
        await imports.begin(file.id, mapping, wanted.encoding or "", is_dry=wanted.dry_run)
        run_id = await hub.installation.deps.jobs.enqueue(uow, TAKE_IN, {"file_id": file.id}, key=file.id)
        await imports.runs(file.id, run_id)
        access = Apis(uow, hub.installation.deps, hub.installation.apis).of(AccessApi)
        said = {"file": path.name, "kind": kind, "dry_run": wanted.dry_run}
        access.audit.add("console.import", "done", subject=file.id, details=said)
    return file, run_id


def _kind(asked: str | None, head: Sequence[str]) -> FileKind:
    kind: FileKind = "calls" if is_history(head) else "clients"
    if asked is not None and asked not in get_args(FileKind):
        raise Invalid("imports.kind", f"There is no kind {asked!r}.", "It is clients or calls.")
    if asked == "calls" and kind != "calls":
        raise Invalid(
            "imports.no_history", "This is no dump of Asterisk's table cdr: its columns are not there.",
            "The first line must name calldate, src, dst, duration, billsec, disposition, uniqueid.",
        )  # fmt: skip
    return "clients" if asked == "clients" else kind


def _mapping(asked: Sequence[str], head: Sequence[str], guessed: Sequence[str]) -> list[str]:
    """What was remembered or guessed, changed by what was asked: `COLUMN=MEANING`, the column by its number
    (from 1) or its name."""
    from hub.modules.imports.api import TARGETS

    found, names = list(guessed), [one.casefold().strip() for one in head]
    for word in asked:
        column, _, meaning = (part.strip() for part in word.rpartition("="))
        place = int(column) - 1 if column.isdecimal() else -1
        place = names.index(column.casefold()) if column.casefold() in names else place
        if not 0 <= place < len(found):
            raise Invalid(
                "imports.column", f"The file has no column {column!r}.", f"It has: {', '.join(head)}."
            )
        if meaning not in TARGETS:
            meanings = ", ".join(filter(None, TARGETS))
            raise Invalid("imports.meaning", f"No column means {meaning!r}.", f"One of: {meanings}.")
        found[place] = meaning
    return found


async def _followed(hub: Hub, run_id: str) -> JobRun:
    """Until the run is over: by a hub that lives, else by us. Broken off, it is cancelled."""
    runner = hub.runner_of(TAKE_IN)
    is_ours, shown = False, 0
    try:
        while True:
            if not is_ours and not await asyncio.to_thread(hub.database.has_a_hub):
                runner.start()
                is_ours = True
            async with _reading(hub) as uow:
                run = await hub.installation.deps.jobs.find(uow, run_id)
            if not run.is_open:
                return run
            if run.done != shown and sys.stderr.isatty():
                shown = run.done
                print(f"... {run.done} of {run.total or '?'} rows", end="\r", file=sys.stderr)
            await asyncio.sleep(_LOOK_EVERY)
    except asyncio.CancelledError:
        async with _writing(hub) as uow:
            await hub.installation.deps.jobs.cancel(uow, run_id)
        raise
    finally:
        await runner.stop()


async def _told(hub: Hub, path: Path, file_id: str, run: JobRun) -> bool:
    async with _reading(hub) as uow:
        imports = _imports(hub, uow)
        file, faults = await imports.one(file_id), await imports.faults(file_id, _MOST_TOLD)
    for fault in faults:
        print(f"{path}:{fault.line}: {fault.text} [{_harmless(fault.row)}]", file=sys.stderr)
    if run.error:
        raise HubError("imports.failed", run.error, run.hint)
    counts = {name: file.counts.get(name, 0) for name in ("added", "filled", "same", "failed")}
    said = "{added} added, {filled} filled in, {same} there already, {failed} wrong".format(**counts)
    print(f"{path.name} ({file.kind}): {said}.")
    if file.is_dry:
        print("That was a try: nothing was changed.")
        async with _writing(hub) as uow:
            await _imports(hub, uow).drop(file_id)
    return counts["failed"] == 0


def _harmless(row: str) -> str:
    """What stands in a file may not command the terminal."""
    return "".join(one if one.isprintable() else "\ufffd" for one in row)


def _imports(hub: Hub, uow: UnitOfWork) -> ImportsApi:
    return Apis(uow, hub.installation.deps, hub.installation.apis).of(ImportsApi)


@asynccontextmanager
async def _writing(hub: Hub) -> AsyncIterator[UnitOfWork]:
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        yield uow


@asynccontextmanager
async def _reading(hub: Hub) -> AsyncIterator[UnitOfWork]:
    installation = hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        yield uow
