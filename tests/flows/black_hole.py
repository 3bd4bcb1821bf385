"""A network cable between the hub and its PBX that can be pulled: bytes are swallowed both ways and
nobody is told (no FIN, no RST), as a dead switch does."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Cable:
    """A TCP proxy on a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._target = port
        self._whole = True
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()

    @property
    def is_whole(self) -> bool:
        """Whether it carries anything."""
        return self._whole

    def swallow(self) -> None:
        """Pull the cable."""
        self._whole = False

    def mend(self) -> None:
        """Plug it in again, for new connections; what was connected stays dead."""
        for task in self._tasks:
            task.cancel()
        self._whole = True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            await asyncio.sleep(60)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:  # nobody listens there just now
            writer.close()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if self._whole:
                    sink.write(data)
                    await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()
