"""Requests of Twilio's as they go over the line, many at once and at a pace, as cheaply as can be: to a hub
that is a process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from connectors.twilio_sms.config import SMS_PATH
from tests.connectors.twilio_sms.stage import PUBLIC, signature
from tests.faults.sms_shop import form

AT_ONCE = 200
Kind = Literal["genuine", "forged", "oversized"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what it is; `sid` of the message that it brings."""

    wire: bytes
    kind: Kind
    sid: str


def wire(number: int, *, signed: str | None = None, words: str = "") -> bytes:
    """A request as it goes over the line."""
    body = form(number, words or f"Привіт, це повідомлення {number}")
    made = signature(PUBLIC + SMS_PATH, body) if signed is None else signed
    head = (
        f"POST {SMS_PATH} HTTP/1.1\r\nHost: shop.example\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"User-Agent: TwilioProxy/1.1\r\nX-Twilio-Signature: {made}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode("latin-1")


def traffic(count: int, first: int, chance: Random, *, oversized: int = 0) -> list[Asked]:
    """So many, 5 % of them repeated and 2 % forged."""
    forged, repeated = count * 2 // 100, count * 5 // 100
    numbers = range(first, first + count - forged - repeated - oversized)
    made = [Asked(wire(number), "genuine", f"SM{number:032x}") for number in numbers]
    mixed = made + chance.sample(made, repeated)
    mixed += [Asked(wire(first - 1, signed="A" * 28), "forged", "") for _ in range(forged)]
    huge = wire(first - 1, words="x" * 100_000)
    mixed += [Asked(huge, "oversized", "") for _ in range(oversized)]
    chance.shuffle(mixed)
    return mixed


class Connection:
    """A kept connection that asks one thing after another; one that was closed is opened anew."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0: none."""
        if self._writer is None:
            await self.open()
        assert self._writer is not None
        try:
            self._writer.write(request)
            head = await self._reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
            await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            self.close()
            return 0
        if b"connection: close" in lower:
            self.close()
        return int(head[9:12])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


async def connections(port: int, count: int) -> list[Connection]:
    made = [Connection(port) for _ in range(count)]
    for one in made:
        await one.open()
    return made


async def at_a_pace(port: int, requests: Sequence[bytes], seconds: float) -> list[tuple[int, float]]:
    """Status and wait of each; a request is due whether or not the one before has been answered."""
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    lines = await connections(port, AT_ONCE)
    for line in lines:
        idle.put_nowait(line)
    began, found = time.monotonic(), [(0, 0.0)] * len(requests)

    async def one(place: int, due: float) -> None:
        line = await idle.get()
        found[place] = (await line.ask(requests[place]), time.monotonic() - due)
        idle.put_nowait(line)

    tasks = []
    for place in range(len(requests)):
        due = began + place / len(requests) * seconds
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(place, due)))
    await asyncio.gather(*tasks)
    for line in lines:
        line.close()
    return found
