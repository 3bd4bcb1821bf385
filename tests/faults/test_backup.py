"""Faults around backups: taken under load, bad files, an old one put back. The judge is the database that
comes out, read directly, and the ledger of the one who would have received."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import HubError
from hub.events.crm import ClientPhoneAdded
from hub.kernel.backup.archive import Header, read_header
from hub.kernel.backup.tables import backup_canary
from hub.kernel.context import HandlerContext
from hub.kernel.jobs.definition import JobContext, every
from hub.kernel.manifest import Module, on
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.settings import JournalSettings, Settings
from tests.factories.backups import (
    TOTAL,
    Archive,
    amounts,
    elsewhere,
    hub_with,
    move,
    open_accounts,
    restore,
)
from tests.faults.figures import Fault
from tests.kernel.backup.made_up import write_archive
from tests.patience import within

WANTED = 300
"""Transactions a second, beside which the backup is taken."""


def installation(folder: Path) -> Settings:
    """One of its own on SQLite: the accounts are a table that no migration makes, which PostgreSQL's copy
    does not take."""
    folder.mkdir()
    quiet = replace(Settings(), journal=JournalSettings(folder=str(folder / "journal")))
    return elsewhere(quiet, f"sqlite+aiosqlite:///{folder}/pitline.db", folder)


@asynccontextmanager
async def load_on(hub: Hub) -> AsyncIterator[list[float]]:
    """Money moves between two accounts, 300 times a second; the moments at which it had moved."""
    moved: list[float] = []

    async def keep_moving(every: float) -> None:
        due = time.monotonic()
        while True:
            await hub.database.write(lambda connection: move(connection, 1))
            moved.append(time.monotonic())
            due += every
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    movers = [asyncio.create_task(keep_moving(4 / WANTED)) for _ in range(4)]
    try:
        yield moved
    finally:
        for mover in movers:
            mover.cancel()
        await asyncio.gather(*movers, return_exceptions=True)


@pytest.mark.slow
@pytest.mark.fault("F59")
async def test_a_backup_under_load_is_one_moment_of_the_database(tmp_path: Path, fault: Fault) -> None:
    hub = hub_with(installation(tmp_path / "here"))
    await hub.open()
    await hub.database.write(open_accounts)
    count, slowest = fault.count(full=100, sample=3), 0.0
    files: list[Path] = []
    async with load_on(hub) as moved:
        began = time.monotonic()
        while len(moved) < 100:
            await asyncio.sleep(0.02)
        for _ in range(count):
            run = await hub.backups.run("manual", to=tmp_path / "taken")
            files.append(Path(run.path))
        took = time.monotonic() - began
        rate = len(moved) / took
        slowest = max(b - a for a, b in pairwise(moved))
    await hub.close()
    for number, file in enumerate(files):
        there = installation(tmp_path / f"there{number}")
        with fault.run(file.name):
            await restore(there, file)
            second = hub_with(there)
            await second.open()
            held = await second.database.read(amounts)
            canaries = await second.database.read(
                lambda connection: list(connection.scalars(select(backup_canary.c.id)))
            )
            await second.close()
            assert sum(held.values()) == TOTAL
            assert 0 < held["bank"] <= len(moved)
            assert len(canaries) == 1
    fault.figures.measured.append(f"load {rate:.0f} tx/s beside {count} backups")
    fault.measure("longest wait of a transaction", round(slowest * 1000), 5000, " ms")


class Outside:
    """Somebody who receives what is sent: the ledger."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.reminders = 0
        self.is_up = True

    def module(self) -> Module:
        async def on_client_phone_added(event: ClientPhoneAdded, ctx: HandlerContext) -> None:
            if not self.is_up:
                raise ConnectionError("nobody answers")
            self.messages.append(event.number)

        async def remind(ctx: JobContext) -> None:
            self.reminders += 1

        on_client_phone_added.__module__ = "tests.outside.handlers"
        remind.__module__ = "tests.outside.jobs"
        return Module(
            name="outside", title="Outside", folder=Path(__file__).parent,
            handlers=(on(ClientPhoneAdded, on_client_phone_added, sends=True),),
            jobs=(every(seconds=0.2, run=remind, title="Remind", sends=True),),
        )  # fmt: skip


async def told(hub: Hub, numbers: list[str]) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        for number in numbers:
            uow.publish(ClientPhoneAdded(client_id="c", number=number))


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + within(seconds)
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.fault("F60")
@pytest.mark.parametrize("discard", [False, True], ids=["sent", "dropped"])
async def test_a_backup_of_yesterday_sends_nothing_until_a_person_says_so(
    settings: Settings, fault: Fault, discard: bool
) -> None:
    yesterday = FrozenClock(datetime.now(UTC) - timedelta(hours=24))
    outside = Outside()
    numbers = [f"+38050{number:07d}" for number in range(fault.count(full=200, sample=20))]
    hub = hub_with(settings, outside.module(), clock=yesterday)
    await hub.open()
    await told(hub, numbers)
    file = Path((await hub.backups.run("manual")).path)
    await hub.start()  # since then all of them were sent
    await until(lambda: len(outside.messages) == len(numbers))
    await hub.stop()
    assert len(outside.messages) == len(numbers)
    again = Outside()
    await restore(settings, file, replace_it=True)
    hub = hub_with(settings, again.module())
    await hub.start()
    await asyncio.sleep(0.6)
    waiting = await hub.quarantine.waiting()
    fault.check("messages that left in the quarantine", again.messages == [])
    fault.check("reminders that were fired again", again.reminders == 0)
    fault.check("the page tells what waits", [one.count for one in waiting] == [len(numbers)])
    for number in numbers:
        fault.check(f"{number} was sent", number not in again.messages)
    async with hub.transactions.writing(actor="person:1", shop_id=FIRST_SHOP) as uow:
        dropped = await uow.session.run_sync(
            lambda session: hub.quarantine.release(session.connection(), "person:1", discard=discard)
        )
    expected = [] if discard else numbers
    await until(lambda: sorted(again.messages) == expected and again.reminders > 0)
    await hub.stop()
    assert sorted(again.messages) == expected
    assert dropped == (len(numbers) if discard else 0)
    assert again.reminders > 0


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_last_byte(data: bytes) -> bytes:
    return data[:-1]


def empty(data: bytes) -> bytes:
    return b""


def with_more_behind(data: bytes) -> bytes:
    return data + b"\x00"


def one_bit_in_the_middle(data: bytes) -> bytes:
    middle = len(data) * 2 // 3
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def another_header(data: bytes) -> bytes:
    return data.replace(b'"program": "', b'"program": "9', 1)


def newer_schema(data: bytes) -> bytes:
    header, line = read_header(io.BytesIO(data))
    return data.replace(line, replace(header, schema="9999_future").line(), 1)


def other_format(data: bytes) -> bytes:
    return data.replace(b'"format": 1', b'"format": 2', 1)


def other_database(data: bytes) -> bytes:
    other = {b"sqlite": b"postgresql", b"postgresql": b"sqlite"}
    kind = next(kind for kind in other if b'"database": "' + kind in data[:500])
    return data.replace(b'"database": "' + kind, b'"database": "' + other[kind], 1)


def two_frames_exchanged(data: bytes) -> bytes:
    """The last two thirds come first: what a mixed-up copy looks like."""
    head = data.index(b"\n", data.index(b"\n") + 1) + 1
    cut = head + (len(data) - head) // 3
    return data[:head] + data[cut:] + data[head:cut]


SPOILED = [
    truncated, without_last_byte, empty, with_more_behind, one_bit_in_the_middle, another_header,
    newer_schema, other_format, other_database, two_frames_exchanged,
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.fault("F61")
@pytest.mark.parametrize("key", [b"", b"hush"], ids=["plain", "encrypted"])
async def test_a_bad_file_is_refused_with_its_reason_before_anything_is_touched(
    settings: Settings, tmp_path: Path, key: bytes, fault: Fault
) -> None:
    archive = Archive(tmp_path / "archive")
    archive.put("call.wav", b"RIFF" * 100)
    hub = hub_with(settings, archive.module())
    await hub.open()
    await hub.database.write(open_accounts)
    good = Path((await hub.backups.run("manual", key=key)).path).read_bytes()
    await hub.database.write(lambda connection: move(connection, 7))
    await hub.close()
    before = await _state(settings, archive)
    bad = tmp_path / "bad.backup"
    reasons = set()
    for spoil in SPOILED:
        bad.write_bytes(spoil(good))
        with fault.run(spoil.__name__):
            reasons.add(await _refused(settings, archive, bad, key))
            assert await _state(settings, archive) == before
    if key:
        bad.write_bytes(good)
        for wrong in (b"", b"HUSH", b"hush "):
            with fault.run(f"key {wrong!r}"):
                reasons.add(await _refused(settings, archive, bad, wrong))
                assert await _state(settings, archive) == before
    assert len(reasons) >= 6
    assert not list(tmp_path.rglob("*restoring*"))


async def _refused(settings: Settings, archive: Archive, file: Path, key: bytes) -> str:
    with pytest.raises(HubError) as caught:
        await restore(settings, file, (*MODULES, archive.module()), key=key, replace_it=True)
    assert caught.value.text
    assert caught.value.hint
    return caught.value.code


async def _state(settings: Settings, archive: Archive) -> tuple[dict[str, int], dict[str, bytes]]:
    hub = hub_with(settings)
    await hub.open()
    held = await hub.database.read(amounts)
    await hub.close()
    return held, archive.content()


@pytest.mark.fault("F61")
@pytest.mark.parametrize(
    "name", ["files/archive/../../../evil", "/etc/evil", "database/../evil", "files/../x"]
)
async def test_a_made_up_archive_writes_nowhere_else(settings: Settings, tmp_path: Path, name: str) -> None:
    """Whole by its own account, but with a member that leads elsewhere."""
    hub = hub_with(settings)
    await hub.open()
    await hub.close()
    kind = "sqlite" if settings.database.url.startswith("sqlite") else "postgresql"
    header = Header(format=1, program="1", schema="0011_backup", database=kind, created_at="2026-01-05")
    path = tmp_path / "made.backup"
    write_archive(path, header, name)
    with pytest.raises(HubError) as caught:
        await restore(settings, path, replace_it=True)
    assert caught.value.code == "backup.damaged"
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/etc/evil").exists()
