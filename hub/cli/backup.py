"""`backup` and `restore`, in words."""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.clock import SystemClock
from hub.errors import Invalid, Unavailable
from hub.kernel.backup.areas import places_of
from hub.kernel.backup.restoring import Order, Restored
from hub.kernel.backup.tombstones import mirror_of
from hub.kernel.sealing.columns import columns_of
from hub.kernel.sealing.keys import store_of
from hub.kernel.storage.sqlite import file_of
from hub.kernel.stream.routing import installed
from hub.settings import Settings


async def backup(settings: Settings, wanted: argparse.Namespace) -> bool:
    """Take one, also beside a running hub; whether it passed its rehearsal."""
    from hub.main import opened_hub

    key = _key(settings, wanted.key_file)
    _check_there(settings)
    async with opened_hub(settings) as hub:
        run = await hub.backups.run("command", to=Path(wanted.to) if wanted.to else None, key=key)
        where = hub.seal.store.where
    sealed = "encrypted" if run.is_encrypted else "not encrypted"
    print(f"{run.path}: {run.bytes} bytes, {run.files} files, {sealed}, in {run.seconds} s.")
    if not run.is_encrypted:
        print(f"The keys of its sealed secrets are not in it: keep a copy of {where} apart from it.")
    if not run.is_proved:
        print(f"The rehearsal FAILED: {run.trouble}")
        return False
    print("It was put back on trial, and everything was there.")
    return True


async def restore(settings: Settings, wanted: argparse.Namespace) -> None:
    """Put it back, or say why not before anything is touched."""
    from hub.kernel.backup.restoring_postgres import restore_postgres
    from hub.kernel.backup.restoring_sqlite import restore_sqlite
    from hub.main import MODULES

    modules = installed(MODULES, settings.modules.off)
    order = Order(
        file=_file(wanted.file),
        key=_key(settings, wanted.key_file),
        url=settings.database.url,
        places=places_of([area for module in modules for area in module.files], settings),
        stones=[module.tombstones for module in modules if module.tombstones is not None],
        mirror=mirror_of(settings),
        keys=store_of(settings),
        sealed=columns_of(MODULES),
        may_replace=wanted.replace,
        without_key=wanted.without_key,
    )
    do = restore_sqlite if settings.database.url.startswith("sqlite") else restore_postgres
    _tell(await do(order, SystemClock(), lambda step: print(f"... {step}", flush=True)))


def _tell(restored: Restored) -> None:
    manifest = restored.manifest
    rows = sum(table.count for table in manifest.tables.values())
    files = sum(manifest.areas.values())
    print(f"The backup of {manifest.header.created_at} is put back: {rows} rows, {files} files.")
    for kept in restored.kept:
        print(f"What was there before is kept: {kept}")
    if not restored.is_whole:
        print("What was revoked or erased since the backup is not known here, so every key of a program is")
        print("revoked. Make new ones on /settings/tokens, and look at who may sign in.")
    for line in restored.to_do:
        print(line)
    print("Everybody has to sign in again. Nothing is sent until a person releases it on /system.")


def _check_there(settings: Settings) -> None:
    """A file that is not there would be made, and an empty database kept and proved. Raises Unavailable."""
    url = settings.database.url
    if url.startswith("sqlite") and not (path := file_of(url)).exists():
        raise Unavailable(
            "database.empty", f"There is no database {path}, so there is nothing to back up.",
            "Name the database in HUB_DATABASE__URL, or say --demo for the demo shop: pitline --demo backup.",
        )  # fmt: skip


def _file(name: str) -> Path:
    if not Path(name).is_file():
        text = f"There is no file {name}."
        raise Invalid("restore.no_file", text, "Name a file that pitline backup wrote.")
    return Path(name)


def _key(settings: Settings, key_file: str | None) -> bytes:
    if key_file is None:
        return settings.backup.passphrase.value.encode()
    try:
        key = Path(key_file).read_bytes().strip()
    except OSError as error:
        text = f"The key file {key_file} cannot be read: {error.strerror}."
        raise Invalid("backup.key_file", text, "Check --key-file.") from error
    if not key:
        raise Invalid("backup.key_file", f"The key file {key_file} is empty.", "Check --key-file.")
    return key
