"""What practice connectors stand on: a port of this machine alone, and an HTTP server on it."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp import web


def bind_loopback(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. It listens at once: whoever connects before
    somebody serves it waits instead of being refused."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """Its HTTP address."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class LoopbackServer(ABC):
    """An HTTP server on a loopback port; a subclass gives the `app`. `base` is its address, `session` speaks
    to the shop (None while it does not run), `errand` is work beside the requests."""

    timeout = 15.0
    """Seconds that the shop may take to answer."""

    def __init__(self) -> None:
        self.base = ""
        self.session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._errands: set[asyncio.Task[Any]] = set()

    @abstractmethod
    def app(self) -> web.Application:
        """What is served."""

    async def start(self, listener: socket.socket | None = None) -> None:
        """Listen, on a free port unless a socket is given."""
        listener = listener or bind_loopback()
        self._runner = web.AppRunner(self.app(), shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        self.base = address_of(listener)
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout))

    async def stop(self) -> None:
        """Stop listening; what is under way is dropped."""
        errands = tuple(self._errands)
        for errand in errands:
            errand.cancel()
        await asyncio.gather(*errands, return_exceptions=True)
        if self.session is not None:
            await self.session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def errand(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work that goes on by itself, until the server stops."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task
