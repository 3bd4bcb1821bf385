"""A process apart and the hub: one journal, one log, and an end in good order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.kernel.journal.files import FileJournal, read_journal
from hub.kernel.processes.apart import ProcessApart, Setup
from tests.connectors.ami.hub_side import until
from tests.kernel.processes.night_shift import LAST_WORD
from tests.own_log import whole_log
from tests.patience import within

BEGINS = 20.0


@asynccontextmanager
async def night_shift(folder: Path, journal: FileJournal) -> AsyncIterator[ProcessApart]:
    setup = Setup(log_level="info", journal_folder=str(folder))
    process = ProcessApart("tests.kernel.processes.night_shift", setup, journal)
    await process.peer()
    try:
        yield process
    finally:
        await process.close()


async def test_a_day_that_the_process_apart_has_closed_is_packed_by_the_hub(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, keep_days=30)
    journal.start()
    today = datetime.now(UTC).date()
    packed = tmp_path / f"ami-{today - timedelta(days=1)}.log.gz"
    async with night_shift(tmp_path, journal):
        await until(packed.exists, BEGINS)
        await until(lambda: journal.fared().records == 2)
    await asyncio.to_thread(journal.stop)
    assert {path.name for path in tmp_path.iterdir()} == {packed.name, f"ami-{today}.log"}
    assert [record.raw for path in journal.files() for record in read_journal(path)] == [
        b"before midnight", b"after midnight",
    ]  # fmt: skip


async def test_the_last_word_of_a_process_that_is_ended_stands_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.kernel.processes.apart._ENDS_WITHIN", within(2.0))
    journal = FileJournal(tmp_path, keep_days=30)
    with whole_log() as said:
        async with night_shift(tmp_path, journal):
            await until(lambda: journal.fared().records, BEGINS)
        assert f"night: {LAST_WORD}" in [line.text for line in said.lines()]


async def test_what_kept_a_process_from_writing_is_no_trouble_once_it_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.write_text("a file where the folder should be")
    journal = FileJournal(tmp_path / "own", keep_days=30)
    async with night_shift(folder, journal):
        await until(lambda: "cannot write" in journal.fared().trouble, BEGINS)
    assert journal.fared().trouble == ""


async def test_a_process_that_hangs_does_not_hold_up_the_end_of_the_hub(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, keep_days=30)
    async with night_shift(tmp_path, journal) as process:
        await until(lambda: journal.fared().records, BEGINS)
        os.kill(process.pid, signal.SIGSTOP)
        began = time.monotonic()
    assert time.monotonic() - began < within(3.0)
