"""Readers of /live in a process of their own, so that only the hub is measured with the hub. They read bytes,
not messages: 450 readers that parse everything would need more of the machine than the hub.

`python -m tests.faults.live.readers` takes one line of JSON (Asked), says `ready`, listens until the next
line, and tells what it heard (Told)."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import cast

import uvloop

HINT = re.compile(rb'"id":"C(\d{20})[^"]*","rev":(\d+)}')
RESYNC, PING, PONG = b'"topic":"resync"', b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"


@dataclass(frozen=True)
class Asked:
    """`each` sockets of each token, of which every `measured`-th is looked into. An id is `C` and when its
    first hint is due, a rev is when this one is due, both in microseconds of time.monotonic; hints of one id
    are `step` apart."""

    port: int
    tokens: list[str]
    each: int
    measured: int
    step: int


@dataclass
class Told:
    """`heard`: hints that the measured ones heard, or heard a newer one of the same id instead of; the
    lateness of those in milliseconds; frames that came for them; how many were told to ask for everything
    anew; how many lines broke."""

    heard: int = 0
    frames: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0
    resyncs: int = 0
    broken: int = 0


@dataclass
class Ears:
    """What all measured readers heard: by millisecond of lateness, how many hints."""

    step: int
    late: dict[int, int] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    def at(self, share: float) -> float:
        """The quantile."""
        left = share * self.told.heard
        for late, many in sorted(self.late.items()):
            left -= many
            if left <= 0:
                return late
        return 0.0


class Reader(asyncio.Protocol):
    """One socket. Answers pings as a browser does."""

    def __init__(self, asked: Asked, token: str, ears: Ears, *, is_measured: bool) -> None:
        self._asked, self._token, self._ears, self._is_measured = asked, token, ears, is_measured
        self._known: dict[bytes, int] = {}
        self._rest = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{self._asked.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            assert data.startswith(b"HTTP/1.1 101"), data
            self.opened.set_result(None)
        if PING in data:
            self._transport.write(PONG)
        if RESYNC in data:
            self._ears.told.resyncs += 1
        if self._is_measured:
            self._hear(self._rest + data)

    def _hear(self, data: bytes) -> None:
        now, step, ears = int(time.monotonic() * 1e6), self._asked.step, self._ears
        for found in HINT.finditer(data):
            first, rev = found.group(1), int(found.group(2))
            oldest = self._known.get(first, int(first) - step) + step
            self._known[first] = rev
            ears.told.frames += 1
            for due in range(oldest, rev + step // 2, step):
                ears.told.heard += 1
                late = max(0, now - due) // 1000
                ears.late[late] = ears.late.get(late, 0) + 1
        self._rest = data[data.rfind(b"}") + 1 :]

    def connection_lost(self, exc: Exception | None) -> None:
        self._ears.told.broken += 1


async def _main() -> None:
    loop = asyncio.get_running_loop()
    asked = Asked(**json.loads(await loop.run_in_executor(None, sys.stdin.readline)))
    ears, number = Ears(asked.step), 0
    for token in asked.tokens:
        for _ in range(asked.each):
            is_measured, number = number % asked.measured == 0, number + 1
            make = partial(Reader, asked, token, ears, is_measured=is_measured)
            _, reader = await loop.create_connection(make, "127.0.0.1", asked.port)
            await reader.opened
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    told = ears.told
    told.p50, told.p99, told.longest = ears.at(0.5), ears.at(0.99), float(max(ears.late, default=0))
    print(json.dumps(asdict(told)), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
