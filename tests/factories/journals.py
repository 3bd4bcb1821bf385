"""Journals of a day for tests: recorded streams, moved to the moment that a test needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from connectors.ami.filters import JOURNALLED
from connectors.ami.tracker import Tracker
from hub.kernel.journal.files import FileJournal
from tests.connectors.ami.streams import LONG_AGO, STREAMS, arrival_of, read_messages

_STAMP = re.compile(rb"(?<=\nTimestamp: )(\d+\.\d+)")
Raw = tuple[datetime, bytes]


def stream(name: str, begins: datetime) -> list[Raw]:
    """A recorded stream as journal records, its first message at `begins`."""
    at, found = LONG_AGO, []
    for message in read_messages(STREAMS / f"{name}.ami.gz"):
        if message.name in Tracker.WANTED | JOURNALLED:
            at = arrival_of(message, at)
            found.append((at, message.raw))
    shift = begins - found[0][0]
    return [(at + shift, _moved(raw, shift)) for at, raw in found]


def _moved(raw: bytes, shift: timedelta) -> bytes:
    return _STAMP.sub(lambda m: b"%.6f" % (float(m[1]) + shift.total_seconds()), raw)


def login(at: datetime, boot: str = "20260101T000000", *, first: bool = True) -> Raw:
    """The line of our own with which a session begins."""
    more = "\r\nFirst: yes" if first else ""
    return at, f"Pitline: SessionBegun\r\nBoot: {boot}\r\nSession: 1{more}".encode()


def own(at: datetime, what: str) -> Raw:
    """Another line of our own: `LinkLost`, `NoPicture`, `Gap`."""
    return at, f"Pitline: {what}\r\n".encode()


def write_journal(folder: Path, records: Iterable[Raw], source: str = "ami") -> None:
    """As a hub would have written it, into one file per day of UTC."""
    journal = FileJournal(folder, 10_000)
    journal.start()
    for at, raw in records:
        journal.append(source, 1, at, raw)
    journal.stop(10.0)
