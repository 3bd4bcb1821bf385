"""Between the reader, which must never wait, and the consumer, which may.

Everything that the tracker will see passes here once, in one order, and is journalled in that
order: so a replay of the journal sees what the tracker saw.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.ami.identity import Boot
from connectors.ami.message import Message
from connectors.ami.snapshot import Lists, SnapshotWatch
from connectors.ami.tracker import PbxSnapshot
from hub.ports.journal import Journal

SOURCE = "ami"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one read of the socket brought, and when."""

    messages: Sequence[Message]
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionBegun:
    """A log-in succeeded, and it is known to which life of the PBX. `is_first`: of this process, whose
    tracker knows nothing yet."""

    boot: Boot
    session: int
    at: datetime
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The line is away."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """So many messages were dropped here, because the queue was full."""

    dropped: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """What the PBX says is true, brought up to this place in the order. None: it would not say."""

    snapshot: PbxSnapshot | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by; for what ends by a limit of time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class PhonesDue:
    """What was heard of phones has waited long enough to be told."""

    at: datetime


Control = SessionBegun | LinkLost | Gap | Picture | Tick | PhonesDue
Item = Heard | Control


class Inbox:
    """A bounded queue that never blocks its writer. When it is full, messages are dropped until half
    of it is free again, and one Gap stands in the place of all of them."""

    def __init__(self, journal: Journal, size: int, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._size = size
        self._now = now
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._waiting = 0
        self._dropping = 0
        self._watch: SnapshotWatch | None = None
        self.session = 0
        self.high_water = 0
        self.dropped = 0

    def __len__(self) -> int:
        return self._waiting

    def hear(self, messages: Sequence[Message], at: datetime) -> None:
        """Take messages of the reader. The journal has them all, dropped or not."""
        self._journal.append(SOURCE, self.session, at, *[message.raw for message in messages])
        if self._watch is not None:
            for message in messages:
                self._watch.see(message)
        room = 0 if self._dropping else self._size - self._waiting
        if len(messages) > room:
            self._dropping += len(messages) - room
            self.dropped += len(messages) - room
            messages = messages[:room]
        if messages:
            self._items.append(Heard(messages, at))
            self._waiting += len(messages)
            self.high_water = max(self.high_water, self._waiting)
        self._stir()

    def put(self, control: Control) -> None:
        """Take what is no message; there are few of them, so they always find room."""
        if not isinstance(control, Tick | PhonesDue):
            self._journal.append(SOURCE, self.session, control.at, marker(control))
        if isinstance(control, SessionBegun | Gap):
            # From here on every event is seen again: a picture is corrected by what comes now.
            self._watch = SnapshotWatch()
        self._items.append(control)
        self._stir()

    def put_picture(self, lists: Lists) -> None:
        """Let a picture join the order, corrected up to here."""
        watch, self._watch = self._watch or SnapshotWatch(), None
        self.put(Picture(watch.corrected(lists), self._now()))

    def put_no_picture(self, *, is_final: bool) -> None:
        """The PBX gave none; after a refusal nothing needs to be watched any more."""
        if is_final:
            self._watch = None
        self.put(Picture(None, self._now()))

    async def drained(self) -> None:
        """Wait until whoever takes has come back for more and found nothing."""
        await self._drained.wait()

    def _stir(self) -> None:
        self._drained.clear()
        self._filled.set()

    async def take(self, limit: int) -> list[Item]:
        """All that has queued up, till about `limit` messages; waits while there is nothing."""
        while not self._items:
            self._filled.clear()
            self._drained.set()
            await self._filled.wait()
        taken: list[Item] = []
        left = self._waiting - limit
        while self._items and (self._waiting > left or not taken):
            item = self._items.popleft()
            taken.append(item)
            if isinstance(item, Heard):
                self._waiting -= len(item.messages)
        if self._dropping and self._waiting <= self._size // 2:
            dropped, self._dropping = self._dropping, 0
            self.put(Gap(dropped, self._now()))
        return taken


def marker(control: Control) -> bytes:
    """A line of our own among the PBX's in the journal; a replay needs it in its place."""
    match control:
        case SessionBegun(boot, session, _, is_first):
            first = "\r\nFirst: yes" if is_first else ""
            return f"Pitline: SessionBegun\r\nBoot: {boot.id}\r\nSession: {session}{first}".encode()
        case LinkLost(reason, _):
            return f"Pitline: LinkLost\r\nReason: {reason}".encode()
        case Gap(dropped, _):
            return f"Pitline: Gap\r\nDropped: {dropped}".encode()
        case Picture(None, _):
            return b"Pitline: NoPicture"
        case Picture(PbxSnapshot() as snapshot, _):
            lists = (snapshot.channels, snapshot.status, snapshot.queues, snapshot.parked, snapshot.bridges)
            head = b"Pitline: Picture" if snapshot.is_whole else b"Pitline: Picture\r\nWhole: no"
            return b"\r\n\r\n".join((head, *(row.raw for rows in lists for row in rows)))
    return b"Pitline: Tick"
