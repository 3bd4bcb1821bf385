"""A wire to a server on which everything that is asked takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class SlowWire:
    """Passes connections on; each question waits `delay` seconds on its way to the server."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        upstream, onward = await asyncio.open_connection("127.0.0.1", self._to)
        ways = (self._pass(reader, onward, is_slow=True), self._pass(upstream, writer, is_slow=False))
        tasks = {asyncio.create_task(way) for way in ways}
        self._tasks |= tasks
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        self._tasks -= tasks
        for one in (onward, writer):
            one.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_slow: bool
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if is_slow and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def slow_wire(port: int) -> AsyncIterator[SlowWire]:
    """A wire to this port of the loopback."""
    wire = SlowWire(port)
    server = await asyncio.start_server(wire.take, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    yield wire
    server.close()
    for task in list(wire._tasks):
        task.cancel()
