"""The journal: every byte back as it came, whatever the disk and the clock do."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.kernel.journal.files import FileJournal, JournalRecord, read_journal
from tests.patience import within

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=123456)
YESTERDAY = NOON - timedelta(days=1)
LOG, PACKED = f"ami-{NOON.date()}.log", f"ami-{YESTERDAY.date()}.log.gz"
HOSTILE = [b"Event: Hangup\r\n\r\n", b"", b"\x00\xff\n1767614400000000 1 5\nfake\n", "Іван".encode()]


def written(folder: Path, *days: list[tuple[datetime, bytes]]) -> FileJournal:
    journal = FileJournal(folder, keep_days=100_000)
    journal.start()
    for records in days:
        for at, raw in records:
            journal.append("ami", 7, at, raw)
    journal.stop()
    return journal


def test_what_was_written_is_read_byte_for_byte(tmp_path: Path) -> None:
    journal = written(tmp_path / "new", [(NOON, raw) for raw in HOSTILE])
    [path] = journal.files()
    assert path.name == LOG
    assert list(read_journal(path)) == [JournalRecord(NOON, 7, raw) for raw in HOSTILE]
    assert (journal.written, journal.dropped) == (4, 0)


def test_a_new_day_begins_a_new_file_and_the_closed_one_is_packed(tmp_path: Path) -> None:
    written(tmp_path, [(YESTERDAY, b"first")], [(NOON, b"second")])
    assert {path.name for path in tmp_path.iterdir()} == {PACKED, LOG}
    assert [record.raw for record in read_journal(tmp_path / PACKED)] == [b"first"]


def test_what_comes_late_for_a_packed_day_is_added_to_it(tmp_path: Path) -> None:
    written(tmp_path, [(YESTERDAY, b"first")], [(NOON, b"second")])
    written(tmp_path, [(YESTERDAY, b"late")], [(NOON, b"third")])
    assert [record.raw for record in read_journal(tmp_path / PACKED)] == [b"first", b"late"]
    assert [record.raw for record in read_journal(tmp_path / LOG)] == [b"second", b"third"]


def test_a_clock_that_steps_back_over_midnight_opens_no_closed_day(tmp_path: Path) -> None:
    written(tmp_path, [(NOON, b"a"), (NOON - timedelta(days=1), b"b"), (NOON, b"c")])
    [path] = list(tmp_path.iterdir())
    assert [record.raw for record in read_journal(path)] == [b"a", b"b", b"c"]


def test_files_older_than_the_limit_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "ami-2026-01-01.log.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "notes.txt").write_text("not ours")
    journal = FileJournal(tmp_path, keep_days=3)
    today = datetime.now(UTC)
    journal.start()
    journal.append("ami", 1, today, b"now")
    journal.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"ami-{today.date()}.log", "notes.txt"]


@pytest.mark.parametrize("cut", [2, 3, 8, 20, 30])
def test_a_torn_tail_loses_its_own_record_only_and_writing_goes_on_behind_it(
    tmp_path: Path, cut: int
) -> None:
    [path] = written(tmp_path, [(NOON, b"whole"), (NOON, b"torn by a kill")]).files()
    path.write_bytes(path.read_bytes()[:-cut])
    written(tmp_path, [(NOON, b"after")])
    assert [record.raw for record in read_journal(path)] == [b"whole", b"after"]


@pytest.mark.parametrize("cut", [1, 8, 12, 20])
def test_a_packed_file_that_was_cut_off_ends_without_a_fault(tmp_path: Path, cut: int) -> None:
    [path] = written(tmp_path, [(NOON, b"whole")]).files()
    packed = gzip.compress(path.read_bytes())
    target = tmp_path / PACKED
    target.write_bytes(packed[:-cut])
    assert [record.raw for record in read_journal(target)] in ([], [b"whole"])


def test_a_disk_that_is_away_costs_records_but_never_a_wait(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("in the way")
    journal = FileJournal(tmp_path / "blocked", keep_days=1)
    journal.start()
    began = time.monotonic()
    for _ in range(100):
        journal.append("ami", 1, NOON, b"x" * 1_000_000)
    took = time.monotonic() - began
    time.sleep(0.1)
    trouble = journal.trouble
    journal.stop(5.0)
    assert took < within(1.0)
    assert "cannot write" in trouble
    assert journal.dropped == 100


def test_a_disk_that_comes_back_is_written_again(tmp_path: Path) -> None:
    blocker = tmp_path / "journal"
    blocker.write_text("in the way")
    journal = FileJournal(blocker, keep_days=100_000)
    journal.start()
    journal.append("ami", 1, NOON, b"kept")
    time.sleep(0.2)
    blocker.unlink()
    time.sleep(1.2)
    journal.stop()
    [path] = journal.files()
    assert [record.raw for record in read_journal(path)] == [b"kept"]
    assert (journal.trouble, journal.dropped) == ("", 0)


@pytest.mark.parametrize("source", ["../../etc/passwd", "a/b", "", "пбх"])
def test_the_name_of_a_source_cannot_leave_the_folder(tmp_path: Path, source: str) -> None:
    journal = FileJournal(tmp_path / "journal", keep_days=100_000)
    journal.start()
    journal.append(source, 1, NOON, b"x")
    journal.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]
    assert len(journal.files()) == 1
