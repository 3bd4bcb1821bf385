"""The AMI door of the practice exchange: an asyncio TCP server on loopback."""

from __future__ import annotations

import asyncio
import secrets
import socket

from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import render
from connectors.practice_pbx.orders import Orders
from connectors.practice_pbx.session import Session

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_LONGEST_ACTION = 64 * 1024


class AmiServer:
    """Serves one exchange to any number of AMI sessions."""

    def __init__(self, exchange: Exchange, orders: Orders, username: str, secret: str) -> None:
        self._exchange = exchange
        self._orders = orders
        self._username = username
        self._secret = secret
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def sessions(self) -> int:
        """How many are connected."""
        return len(self._writers)

    async def start(self, listener: socket.socket) -> None:
        """Begin to take connections."""
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=_LONGEST_ACTION)

    async def stop(self) -> None:
        """Close the door and every session."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        await self._server.wait_closed()

    def may_enter(self, username: str, secret: str) -> bool:
        """Whether name and secret are ours."""
        pair = f"{username}\n{secret}".encode()
        return secrets.compare_digest(pair, f"{self._username}\n{self._secret}".encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        session = Session(self._exchange, self._orders, self.may_enter, lambda m: writer.write(render(m)))
        try:
            writer.write(BANNER)
            while not session.is_finished:
                frame = await reader.readuntil(b"\r\n\r\n")
                session.take(frame)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the client went away, or talks nonsense: its session ends, as Asterisk ends it
        finally:
            session.close()
            self._writers.discard(writer)
            writer.close()
