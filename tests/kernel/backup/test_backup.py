"""A backup holds everything and is whole; what is put back is what was there, and what ended stays ended."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.errors import Conflict, Invalid, Unavailable
from hub.kernel.backup.archive import FORMAT, ArchiveReader, ArchiveWriter, Header
from hub.kernel.backup.figures import figures_of
from hub.kernel.backup.retention import BackupFile, Kept, backups_in, name_of, to_drop
from hub.kernel.backup.sqlite_copy import copy_sqlite
from hub.kernel.backup.tombstones import lay, mirror_of
from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.orm import Base
from hub.kernel.storage.sqlite import note_of, sqlite_mirror
from hub.main import MODULES
from hub.modules.access.api import AccessApi, CodeAttempt
from hub.settings import Settings
from tests.databases import Databases
from tests.factories.backups import Archive, elsewhere, hub_with, restore
from tests.factories.crm import make_client

HEADER = Header(format=FORMAT, program="1", schema="0001_kernel", database="sqlite", created_at="2026-01-05")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    kept = Archive(tmp_path / "archive")
    kept.put("2026/01/call.wav", b"RIFF" + bytes(range(256)) * 50)
    kept.put("Кузня.txt", "рахунок".encode())
    kept.put("empty", b"")
    return kept


@pytest.fixture
def second(
    settings: Settings, database_kind: str, databases: Databases, tmp_path: Path
) -> Iterator[Settings]:
    """Another installation, with nothing in it yet."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with databases.empty(database_kind, folder) as url:
        yield elsewhere(settings, url, folder)


async def backup_of(settings: Settings, archive: Archive, key: bytes = b"") -> Path:
    hub = hub_with(settings, archive.module())
    await hub.open()
    await make_client(hub, "Ірина", "0501234567")
    run = await hub.backups.run("manual", key=key)
    await hub.close()
    assert run.is_proved, run.trouble
    return Path(run.path)


async def names_of_clients(hub: Hub) -> list[str]:
    return await hub.database.read(
        lambda connection: list(connection.exec_driver_sql("SELECT name FROM crm_clients").scalars())
    )


async def test_what_is_put_back_elsewhere_has_every_row_and_every_file(
    settings: Settings, second: Settings, archive: Archive, tmp_path: Path
) -> None:
    file = await backup_of(settings, archive, key=b"hush")
    there = Archive(tmp_path / "there")
    restored = await restore(second, file, (*MODULES, there.module()), key=b"hush")
    assert there.content() == archive.content()
    assert restored.kept == ()
    hub = hub_with(second)
    await hub.open()
    assert await names_of_clients(hub) == ["Ірина"]
    assert await hub.quarantine.state() is not None
    await hub.backups.run("manual")  # numbers that the server gives out go on where they were
    await make_client(hub, "Олег", "0501234568")
    await hub.close()


async def test_a_shop_with_many_recordings_is_backed_up(settings: Settings) -> None:
    """The moments of their files are nanoseconds: six of them add up to more than 64 bits hold."""
    moments = [1_796_000_000_123_456_789 + n for n in range(12)] + [-(2**63), 2**63 - 1, 0]
    hub = hub_with(settings)
    await hub.open()
    now = datetime.now(UTC)
    rows = [
        {"key": str(n), "path": f"{n}.wav", "size": 1, "mtime_ns": ns, "state": "taken", "seen_at": now}
        for n, ns in enumerate(moments)
    ]
    spool = Base.metadata.tables["recordings_spool"]
    await hub.database.write(lambda connection: connection.execute(spool.insert(), rows))
    held = await hub.database.read(lambda connection: figures_of(connection, [spool]))
    run = await hub.backups.run("manual")
    await hub.close()
    assert held["recordings_spool"].sums["mtime_ns"] == sum(moments)
    assert run.is_proved, run.trouble


async def test_links_and_devices_are_no_files_of_ours(
    settings: Settings, second: Settings, archive: Archive, tmp_path: Path
) -> None:
    (archive.folder / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(archive.folder / "pipe")
    file = await backup_of(settings, archive)
    there = Archive(tmp_path / "there")
    await restore(second, file, (*MODULES, there.module()))
    assert sorted(path.name for path in there.folder.iterdir()) == ["2026", "empty", "Кузня.txt"]


async def test_something_that_is_there_is_replaced_only_when_told_and_kept_aside(
    settings: Settings, archive: Archive
) -> None:
    file = await backup_of(settings, archive)
    archive.put("later.txt", b"after the backup")
    modules = (*MODULES, archive.module())
    with pytest.raises(Conflict) as caught:
        await restore(settings, file, modules)
    assert "--replace" in caught.value.hint
    restored = await restore(settings, file, modules, replace_it=True)
    assert "later.txt" not in archive.content()
    assert len(restored.kept) == 2
    kept_files = next(Path(kept) for kept in restored.kept if "archive" in kept)
    assert (kept_files / "later.txt").read_bytes() == b"after the backup"


async def test_a_running_hub_is_not_replaced_under_its_feet(settings: Settings, archive: Archive) -> None:
    file = await backup_of(settings, archive)
    hub = hub_with(settings)
    await hub.open()
    with pytest.raises(Unavailable) as caught:
        await restore(settings, file, replace_it=True)
    await hub.close()
    assert caught.value.code == "database.in_use"


async def test_everybody_signs_in_again_and_what_was_revoked_since_stays_revoked(
    settings: Settings, archive: Archive
) -> None:
    hub = hub_with(settings, archive.module())
    await hub.open()
    keys = {name: await _token(hub, name) for name in ("till", "site")}
    file = Path((await hub.backups.run("manual")).path)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, hub.installation.deps, hub.installation.apis).of(AccessApi)
        await api.tokens.revoke(keys["till"][0], frozenset({FIRST_SHOP}))
    await hub.close()
    restored = await restore(settings, file, (*MODULES, archive.module()), replace_it=True)
    assert restored.is_whole
    assert await _good(settings, keys) == {"till": False, "site": True}


async def test_a_recovery_code_that_was_used_replaced_or_switched_off_since_opens_nothing_again(
    settings: Settings, archive: Archive
) -> None:
    hub = hub_with(settings, archive.module())
    await hub.open()
    await _with_codes(hub, "maria", ["hash-1", "hash-2"])
    await _with_codes(hub, "ivan", ["hash-3"])
    await _with_codes(hub, "petro", ["hash-5"])
    file = Path((await hub.backups.run("manual")).path)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        factors = AccessApi(uow, hub.installation.deps).factors
        people = {one.login: one.id for one in await AccessApi(uow, hub.installation.deps).list_people()}
        spent = CodeAttempt(try_id="", person_id=people["maria"], code="", recovery_hash="hash-1")
        assert await factors.settle(spent, recovery_fits=True)
        await factors.set_recovery(people["ivan"], ["hash-4"])
        await factors.remove(people["petro"])
    await hub.close()
    await restore(settings, file, (*MODULES, archive.module()), replace_it=True)
    again = hub_with(settings)
    await again.open()
    left = "SELECT code_hash FROM access_recovery_codes WHERE used_at IS NULL ORDER BY code_hash"
    still = await again.database.read(lambda connection: list(connection.exec_driver_sql(left).scalars()))
    await again.close()
    assert still == ["hash-2"]


async def test_where_nobody_knows_what_was_revoked_since_every_key_is_revoked(
    settings: Settings, second: Settings, archive: Archive
) -> None:
    hub = hub_with(settings)
    await hub.open()
    keys = {"site": await _token(hub, "site")}
    file = Path((await hub.backups.run("manual")).path)
    await hub.close()
    assert not (await restore(second, file)).is_whole
    assert await _good(second, keys) == {"site": False}


async def test_a_stone_beside_a_lost_database_is_enough(settings: Settings, archive: Archive) -> None:
    """The database is gone, the file beside it is not: who was erased stays erased."""
    file = await backup_of(settings, archive)
    hub = hub_with(settings, archive.module())
    await hub.open()
    now = datetime.now(UTC)
    await hub.database.write(lambda connection: lay(connection, "archive.person", "42", now))
    await hub.backups.mirror()
    await hub.close()
    assert mirror_of(settings).exists()
    if settings.database.url.startswith("sqlite"):
        Path(settings.database.url.split("///")[1]).unlink()
    await restore(settings, file, (*MODULES, archive.module()), replace_it=True)
    (burial,) = archive.buried
    assert burial.marks["archive.person"] == {"42"}
    assert burial.is_whole


@pytest.mark.parametrize("trace", ["note", "mirror"])
async def test_a_database_that_was_there_is_never_replaced_by_an_empty_one(
    tmp_path: Path, settings: Settings, trace: str
) -> None:
    path = tmp_path / "gone.db"
    left = note_of(path) if trace == "note" else sqlite_mirror(path)
    left.write_text("{}")
    hub = hub_with(elsewhere(settings, f"sqlite+aiosqlite:///{path}", tmp_path))
    with pytest.raises(Unavailable) as caught:
        await hub.open()
    assert "restore" in caught.value.text + caught.value.hint
    assert not path.exists()


async def test_a_second_backup_into_the_same_folder_waits_for_nobody_and_is_refused(
    settings: Settings, archive: Archive
) -> None:
    hub = hub_with(settings)
    await hub.open()
    folder = Path(settings.backup.folder)
    folder.mkdir()
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable) as caught:
            await hub.backups.run("manual")
    assert caught.value.code == "backup.runs"
    last = (await hub.backups.last())[0]
    assert (last.state, last.trouble) == ("failed", "Another backup is being made.")
    await hub.close()


async def test_what_a_killed_backup_left_goes_with_the_next_one(settings: Settings) -> None:
    hub = hub_with(settings)
    await hub.open()
    left = Path(settings.backup.folder) / ".part-dead"
    left.mkdir(parents=True)
    (left / "archive").write_bytes(b"half")
    await hub.backups.run("manual")
    await hub.close()
    assert [path.name for path in left.parent.iterdir() if path.name.startswith(".part")] == []
    assert len(backups_in(left.parent)) == 1


async def test_a_backup_that_fails_its_rehearsal_is_said_and_is_not_the_proved_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_with(settings)
    await hub.open()
    good = await hub.backups.run("manual")
    finish = ArchiveWriter.finish

    def a_disk_that_lies(self: ArchiveWriter) -> None:
        finish(self)
        self._file.seek(-200, os.SEEK_END)
        self._file.write(b"\x00\x01\x02")

    monkeypatch.setattr(ArchiveWriter, "finish", a_disk_that_lies)
    bad = await hub.backups.run("manual")
    proved = await hub.backups.last_proved()
    await hub.close()
    assert (bad.rehearsal, bad.is_proved) == ("failed", False)
    assert "damaged" in bad.trouble
    assert proved is not None
    assert proved.id == good.id


def test_an_archive_of_any_size_is_read_and_written_in_bounded_memory(tmp_path: Path) -> None:
    block, blocks = os.urandom(1 << 20), 48
    path = tmp_path / "big"
    tracemalloc.start()
    with path.open("wb") as file:
        out = ArchiveWriter(file, replace(HEADER, salt="00" * 16), b"key")
        for _ in range(blocks):
            out.write(block)
        out.finish()
    read = 0
    with path.open("rb") as file:
        reader = ArchiveReader(file, b"key")
        while part := reader.read(1 << 20):
            read += len(part)
        reader.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == blocks << 20
    assert peak < 12 << 20


@given(st.lists(st.integers(0, 800), min_size=1, max_size=60, unique=True), st.integers(0, 3))
def test_the_newest_of_each_day_week_and_month_stay_and_the_newest_always(days: list[int], keep: int) -> None:
    start = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    files = [BackupFile(start + timedelta(days=day), Path(f"/b/{day}")) for day in sorted(days, reverse=True)]
    proved = files[-1].path
    dropped = to_drop(files, Kept(keep, keep, keep), ZoneInfo("Europe/Kyiv"), proved)
    stay = [one for one in files if one not in dropped]
    assert files[0] in stay
    assert files[-1] in stay
    assert files[:keep] == [one for one in files[:keep] if one in stay]
    assert len(stay) <= 3 * keep + 2
    months = list(dict.fromkeys((one.at.year, one.at.month) for one in stay))
    assert len(months) >= min(keep, len({(one.at.year, one.at.month) for one in files}))


def test_two_backups_in_one_second_have_two_names(tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)
    first = name_of(tmp_path, at)
    first.touch()
    second = name_of(tmp_path, at)
    second.touch()
    (tmp_path / "pitline-notes.txt").touch()
    assert {one.path for one in backups_in(tmp_path)} == {first, second}


async def test_a_copy_is_taken_without_emptying_the_log_of_the_hub(settings: Settings) -> None:
    """A second process that checkpoints can harm the file: the copy only ever reads."""
    hub = hub_with(settings)
    await hub.open()
    if hub.database.path is None:
        await hub.close()
        return
    await make_client(hub, "Ірина", "0501234567")
    wal = hub.database.path.with_name(hub.database.path.name + "-wal")
    reading = sqlite3.connect(hub.database.path)
    before = wal.stat().st_size
    await hub.backups.run("manual")
    assert wal.stat().st_size >= before > 0
    reading.close()
    await hub.close()


async def _token(hub: Hub, name: str) -> tuple[str, str]:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, hub.installation.deps, hub.installation.apis).of(AccessApi)
        view, key = await api.tokens.create(name, "owner")
    return view.id, key


async def _with_codes(hub: Hub, login: str, hashes: list[str]) -> None:
    """Somebody with recovery codes of these hashes."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = AccessApi(uow, hub.installation.deps)
        person = await api.create_person(login, "manager", login=login, password_hash="-")
        await api.factors.set_recovery(person.id, hashes)


async def _good(settings: Settings, keys: dict[str, tuple[str, str]]) -> dict[str, bool]:
    hub = hub_with(settings)
    await hub.open()
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, hub.installation.deps, hub.installation.apis).of(AccessApi)
        good = {name: await api.authenticate_token(key) is not None for name, (_, key) in keys.items()}
    await hub.close()
    return good


def test_what_is_no_backup_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy oil")
    with path.open("rb") as file, pytest.raises(Invalid) as caught:
        ArchiveReader(file)
    assert caught.value.code == "backup.no_backup"


def test_a_disk_that_is_in_the_way_is_not_called_a_damaged_database(tmp_path: Path) -> None:
    """Whoever is told of damage puts an old backup in the place of a good database."""
    source = tmp_path / "shop.db"
    sqlite3.connect(source).execute("CREATE TABLE calls (id INTEGER)")
    with pytest.raises(Unavailable) as caught:
        copy_sqlite(source, tmp_path / "not there" / "copy.db")
    assert caught.value.code == "database.cannot_open"
