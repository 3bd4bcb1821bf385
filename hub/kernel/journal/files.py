"""The journal: every raw message of the outside, byte for byte, in files per day and source.

`<folder>/<source>-<YYYY-MM-DD>.log`, records one after another:

    <unix microseconds> <session> <length>\\n<length bytes>\\n

Closed days are compressed (`.log.gz`) and dropped after `keep_days`. A thread of its own writes;
`append` never waits: what finds no room while the disk is away is dropped and counted.
"""

from __future__ import annotations

import gzip
import os
import queue
import re
import shutil
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, cast

from hub.log import get_logger

_ROOM = 64 * 1024 * 1024
_GATHER = 0.02
"""Seconds in which messages come together: a thread that wakes for each of them would take the
interpreter from those who answer the phone. A kill costs the journal no more than that."""
_RETRY = 1.0
_FILE = re.compile(r"(?P<source>[A-Za-z0-9_.-]+)-(?P<day>\d{4}-\d\d-\d\d)\.log(?P<packed>\.gz)?")
_HEADER = re.compile(rb"(\d{1,20}) (\d{1,10}) (\d{1,9})\n")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One raw message as it stands in the journal."""

    at: datetime
    session: int
    raw: bytes


_Together = tuple[str, int, datetime, tuple[bytes, ...]]
"""Source, session, moment, messages. Without messages: closed days are to be tended."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a journal fares: records written and dropped, days closed, and why it cannot write (or empty)."""

    records: int = 0
    dropped: int = 0
    days: int = 0
    trouble: str = ""

    def __add__(self, other: Written) -> Written:
        return Written(
            self.records + other.records,
            self.dropped + other.dropped,
            self.days + other.days,
            self.trouble or other.trouble,
        )


class FileJournal:
    """Implements ports.journal.Journal. `start` begins to write, `stop` writes what is left. Where several
    processes write into one folder, each its own sources, one of them `tends` the closed days of all."""

    def __init__(self, folder: Path, keep_days: int, *, tends: bool = True) -> None:
        self._folder = folder
        self._tends = tends
        self._days = 0
        self._beside: dict[str, Written] = {}
        self.keep_days = keep_days
        self._waiting: queue.SimpleQueue[_Together | None] = queue.SimpleQueue()
        self._bytes_waiting = 0
        self._room = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._open: dict[str, tuple[date, IO[bytes]]] = {}
        self._log = get_logger("hub.journal")
        self.dropped = 0
        self.written = 0
        self.trouble = ""

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        """Keep raw messages that came together; never waits."""
        size = _size(raw)
        with self._room:
            while raw and self._bytes_waiting + size > _ROOM:
                raw = raw[:-1]
                size = _size(raw)
                self.dropped += 1
            self._bytes_waiting += size
        if raw:
            self._waiting.put((source, session, at, raw))

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """Write what is left, as far as the time allows, and close the files."""
        self._stopping = True
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def fared(self) -> Written:
        """How it fares, together with what was told of the processes beside this one."""
        own = Written(self.written, self.dropped, self._days, self.trouble)
        return sum(self._beside.values(), start=own)

    def beside(self, name: str, fared: Written) -> None:
        """So the journal of a process beside this one fares; a day that it has closed is tended here."""
        before = self._beside.get(name, Written())
        self._beside[name] = fared
        if fared.days != before.days:
            self._waiting.put(("", 0, _EPOCH, ()))

    def fared_beside(self, name: str) -> Written:
        """What was told last of this process; its next life counts on from there."""
        known = self._beside.get(name, Written())
        return Written(known.records, known.dropped, known.days)

    def files(self) -> list[Path]:
        """The journal's files, oldest day first."""
        found = [path for path in _listed(self._folder) if _FILE.fullmatch(path.name)]
        return sorted(found, key=lambda path: (_day_of(path), path.name))

    def _run(self) -> None:
        self._keep_house(datetime.now(UTC).date())
        while True:
            records = [self._waiting.get()]
            if records[0] is not None:
                time.sleep(_GATHER)
            while not self._waiting.empty():
                records.append(self._waiting.get())
            self._write([record for record in records if record is not None])
            if None in records:
                break
        for _, file in self._open.values():
            file.close()

    def _write(self, records: list[_Together]) -> None:
        for record in records:
            if not record[3]:
                self._keep_house(datetime.now(UTC).date())
                continue
            while not self._write_one(*record):
                if self._stopping:
                    self.dropped += len(record[3])
                    break
                time.sleep(_RETRY)
            with self._room:
                self._bytes_waiting -= _size(record[3])
        self._flush()

    def _write_one(self, source: str, session: int, at: datetime, raw: Sequence[bytes]) -> bool:
        try:
            file = self._file(source, at.astimezone(UTC).date())
            microseconds = (at - _EPOCH) // _MICROSECOND
            head = b"%d %d " % (microseconds, session)
            file.write(b"".join([b"%b%d\n%b\n" % (head, len(one), one) for one in raw]))
        except OSError as error:
            self._stumble(error)
            return False
        self.written += len(raw)
        self._recover()
        return True

    def _flush(self) -> None:
        for _, file in self._open.values():
            try:
                file.flush()
            except OSError as error:
                self._stumble(error)

    def _stumble(self, error: OSError) -> None:
        if not self.trouble:
            self._log.error("the journal cannot write; it keeps what it can", reason=error.strerror)
        self.trouble = f"The journal cannot write: {error.strerror}."
        for _, file in self._open.values():
            try:
                file.close()
            except OSError:
                continue  # what its buffer held is lost; the reader tolerates a torn record
        self._open.clear()

    def _recover(self) -> None:
        if self.trouble:
            self._log.info("the journal writes again")
            self.trouble = ""

    def _file(self, source: str, day: date) -> IO[bytes]:
        present = self._open.get(source)
        if present is not None and present[0] >= day:
            return present[1]  # a clock that steps back over midnight does not reopen a closed day
        if present is not None:
            del self._open[source]
            present[1].close()
            self._days += 1
            self._keep_house(day)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", source) or "_"
        path = self._folder / f"{name}-{day.isoformat()}.log"
        file = path.open("ab", buffering=256 * 1024)
        if file.tell() > 0:
            file.write(b"\n")  # a torn last record must not swallow the next one
        self._open[source] = (day, file)
        return file

    def _keep_house(self, today: date) -> None:
        """Compress closed days and drop those that are too old."""
        if not self._tends:
            return
        for path in self.files():
            try:
                if (today - _day_of(path)).days > self.keep_days:
                    path.unlink()
                elif path.suffix == ".log" and _day_of(path) < today:
                    _pack(path)
            except OSError as error:
                self._log.warning("journal file could not be tended", file=path.name, reason=error.strerror)


def read_journal(path: Path, torn: Callable[[], None] | None = None) -> Iterator[JournalRecord]:
    """The records of a journal file, packed or not. A torn record is passed over; the next whole one
    is found again. `torn` is told of each place where bytes of a record are missing."""
    with path.open("rb") as plain, ExitStack() as stack:
        file: IO[bytes] = plain
        if path.suffix == ".gz":
            file = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=plain, mode="rb")))
        told = torn if torn is not None else _nobody
        position = 0
        while True:
            line = _bytes(file.readline, 1 << 20, told)
            if not line:
                return
            position += len(line)
            header = _HEADER.fullmatch(line)
            if header is None:
                if line != b"\n":  # what a reopened file begins with
                    told()
                continue
            raw = _bytes(file.read, int(header[3]) + 1, told)
            if len(raw) != int(header[3]) + 1 or raw[-1:] != b"\n":
                told()
                file.seek(position)  # torn: look for the next header right behind this one
                continue
            position += len(raw)
            at = _EPOCH + timedelta(microseconds=int(header[1]))
            yield JournalRecord(at, int(header[2]), raw[:-1])


def _nobody() -> None:
    """Whoever asks for records alone."""


def _bytes(read: Callable[[int], bytes], size: int, torn: Callable[[], None]) -> bytes:
    """What can still be read; a packed file that was cut off ends where it was cut."""
    try:
        return read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        torn()
        return b""


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def of_source(folder: Path, source: str) -> list[tuple[date, Path]]:
    """The files of one source with their days, in the order in which they were written."""
    found = []
    for path in _listed(folder):
        match = _FILE.fullmatch(path.name)
        if match and match["source"] == source:
            found.append((date.fromisoformat(match["day"]), path))
    return sorted(found, key=lambda one: (one[0], one[1].suffix != ".gz"))


def sources_of(folder: Path) -> list[str]:
    """Whose messages the journal holds."""
    found = (_FILE.fullmatch(path.name) for path in _listed(folder))
    return sorted({match["source"] for match in found if match})


def _day_of(path: Path) -> date:
    match = _FILE.fullmatch(path.name)
    return date.fromisoformat(match["day"]) if match else date.min


def _pack(path: Path) -> None:
    """Compress a closed day; what came late for a day that is packed already is added to it."""
    packed, part = path.with_name(path.name + ".gz"), path.with_name(path.name + ".gz.part")
    with part.open("wb") as out:
        if packed.exists():
            with packed.open("rb") as present:
                shutil.copyfileobj(present, out, 1 << 20)
        with path.open("rb") as plain, gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as member:
            shutil.copyfileobj(plain, member, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    part.replace(packed)
    path.unlink()


def _size(raw: Sequence[bytes]) -> int:
    return sum(map(len, raw)) + 100 * len(raw)
