"""A plain AMI client that keeps every byte as it came: for recording, and for looking at what AMI says."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from pathlib import Path

from tests.patience import within

# What a hub asks after each log-in.
SNAPSHOT = ("CoreStatus", "CoreShowChannels", "Status", "QueueStatus", "ParkedCalls", "BridgeList")

Event = dict[str, str]


class AmiTap:
    """One AMI session: raw bytes, their times, and the events in them."""

    def __init__(self, host: str, port: int, user: str, secret: str, path: Path | None = None) -> None:
        """`path`: where to write the stream; the times go beside it with `.idx` in place of `.ami`."""
        self.address, self.user, self.secret, self.path = (host, port), user, secret, path
        self.events: list[Event] = []
        self.banner = ""
        self.is_open = False
        self._answers: dict[str, Event] = {}
        self._ended: set[str] = set()
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()
        self._data = bytearray()
        self._times: list[str] = []
        self._rest = b""
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self, *, snapshot: bool = False) -> AmiTap:
        """Connect, log in, and ask what there is already."""
        reader, self._writer = await asyncio.open_connection(*self.address, limit=1 << 22)
        self.is_open = True
        self._task = asyncio.create_task(self._read(reader))
        answer = await self.action("Login", Username=self.user, Secret=self.secret)
        if answer.get("Response") != "Success":
            raise AssertionError(f"AMI refused {self.user}: {answer}")
        if snapshot:
            for name in SNAPSHOT:
                await self.action(name)
        return self

    async def close(self) -> None:
        """Log off as a tidy client does, and keep the recording."""
        if self.is_open and self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.write(b"Action: Logoff\r\n\r\n")
                await self._writer.drain()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self._task, within(3))
        self.cut()

    def cut(self) -> None:
        """The cable is out: nothing is said any more."""
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.transport.abort()
        self.is_open = False
        if self.path is not None:
            self.path.write_bytes(self._data)
            self.path.with_suffix(".idx").write_text("".join(self._times))

    # ------------------------------------------------------------------ asking

    async def action(self, name: str, **headers: str) -> Event:
        """Send an action and wait 10 s for the answer; for a list, wait for its end too."""
        number = headers.pop("ActionID", f"tap-{next(self._ids)}")
        lines = [
            f"Action: {name}",
            f"ActionID: {number}",
            *(f"{key}: {value}" for key, value in headers.items()),
        ]
        assert self._writer is not None
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

        def is_answered() -> bool:
            answer = self._answers.get(number)
            is_list = answer is not None and answer.get("EventList") == "start"
            return number in self._ended if is_list else answer is not None

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(is_answered), within(10))
        return self._answers[number]

    async def event(
        self, name: str, matches: Callable[[Event], bool] = lambda event: True, timeout: float = 15
    ) -> Event:
        """The first event of this name that matches, past or to come."""

        def found() -> Event | None:
            return next((each for each in self.events if each["Event"] == name and matches(each)), None)

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: found() is not None), timeout)
            except TimeoutError:
                seen = sorted({each["Event"] for each in self.events})
                raise AssertionError(f"no {name} in {timeout} s; seen: {seen}") from None
        event = found()
        assert event is not None
        return event

    def named(self, name: str) -> list[Event]:
        """All events of this name so far."""
        return [each for each in self.events if each["Event"] == name]

    def channel(self, prefix: str) -> str:
        """The newest channel whose name begins so."""
        names = [each["Channel"] for each in self.named("Newchannel") if each["Channel"].startswith(prefix)]
        if not names:
            raise AssertionError(f"no channel {prefix}")
        return names[-1]

    # ------------------------------------------------------------------ reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._times.append(f"{time.time():.6f} {len(self._data)} {len(data)}\n")
            self._data += data
            self._rest += data
            async with self._news:
                self._take_frames()
                self._news.notify_all()
        self.is_open = False
        async with self._news:
            self._news.notify_all()

    def _take_frames(self) -> None:
        if not self.banner and b"\r\n" in self._rest:
            banner, _, self._rest = self._rest.partition(b"\r\n")
            self.banner = banner.decode()
        while b"\r\n\r\n" in self._rest:
            frame, _, self._rest = self._rest.partition(b"\r\n\r\n")
            lines = frame.decode("utf-8", "replace").strip("\r\n").split("\r\n")
            message = {key: value for key, _, value in (line.partition(": ") for line in lines)}
            if lines[0].startswith("Event:"):
                self.events.append(message)
                if message.get("EventList") in {"Complete", "Cancelled"}:
                    self._ended.add(message.get("ActionID", ""))
            elif lines[0].startswith("Response:"):
                self._answers[message.get("ActionID", "")] = message
