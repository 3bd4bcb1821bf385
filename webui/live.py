"""/live: tells browsers and programs *that* something changed; what changed they ask for by GET."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from hub.errors import HubError, NotAllowed, NotSignedIn, TooMany
from hub.kernel.installation import Installation, LiveSubscription
from hub.log import get_logger
from hub.modules.access.api import AccessApi
from hub.ports.live import Hint
from webui.door import Door, Visitor, detained
from webui.guard import same_origin
from webui.hearing import Frames, Hearing, topics_of
from webui.package import Package

MOST_SOCKETS = 30
MOST_MESSAGES = 20
BIGGEST_MESSAGE = 64 * 1024
HEARTBEAT = 15.0
"""Seconds of silence after which the other side is asked; after half of it more, it is gone."""
SEND_TIMEOUT = 10.0
LOOK_FOR_ROOM = 0.05
MOST_UNSENT = 32 * 1024
WRITES_A_SECOND = 5000
"""To all sockets together. Between two writes to one of them hints gather: with ten open pages for 2 ms,
with 500 for a tenth of a second; a hint that comes after a rest goes at once."""
FAREWELL = 1.5
LOOK_EVERY = 0.7
SIGNED_OUT, CHANGED, TOO_CHATTY = 4401, 4409, 1008
RESYNC = Hint("resync", "", 0)
PONG = Hint("pong", "", 0)
ACCESS_TOPIC = "access"


@dataclass(slots=True, eq=False)
class _Socket:
    """One open socket and who is behind it. `goodbye` is the task that closes it from our side: the
    handler waits for it, for the connection ends with the handler."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport
    visitor: Visitor
    hearing: Hearing
    subscription: LiveSubscription
    handler: asyncio.Task[Any] | None
    goodbye: asyncio.Task[Any] | None = None

    @property
    def session_id(self) -> str | None:
        return self.visitor.viewer.session_id


class Sockets:
    """All open sockets: each has a queue and a task of its own, so that none waits for another. The
    watch closes those whose session, token or rights are gone, within a second."""

    def __init__(self, installation: Installation, door: Door, package: Package, queue: int = 256) -> None:
        self._installation = installation
        self._door = door
        self._queue = queue
        self._rights = topics_of([m for m in installation.modules if package.has(m.feature)])
        self._frames = Frames()
        self._sockets: set[_Socket] = set()
        self._look_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._log = get_logger("webui.live")

    def start(self) -> None:
        """Begin to watch who may stay."""
        self._tasks = [
            asyncio.create_task(self._watch_hints(), name="live-access"),
            asyncio.create_task(self._watch_sockets(), name="live-watch"),
        ]

    async def stop(self) -> None:
        """Say goodbye to everybody."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        farewells = [self._close(socket, 1001, "stopping") for socket in self._sockets]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await asyncio.gather(*farewells, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._sockets)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /live. Raises NotSignedIn, NotAllowed, TooMany before the handshake."""
        visitor = await self._door.look(request)
        viewer = visitor.viewer
        if viewer.kind == "nobody":
            raise NotSignedIn("access.sign_in", "Please sign in.", "Sign in and go on from there.")
        if visitor.detour:
            raise detained(visitor.detour)
        self._check_origin(request, visitor)
        if sum(s.visitor.viewer.id == viewer.id for s in self._sockets) >= MOST_SOCKETS:
            raise TooMany("live.too_many", "Too many live connections.", "Close some tabs.", retry_after=30.0)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPUpgradeRequired
        ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT, max_msg_size=BIGGEST_MESSAGE, compress=False, timeout=1.0, autoping=False
        )
        hearing = Hearing(viewer, self._rights)
        subscription = self._installation.live.subscribe(
            self._queue, shops=viewer.shop_ids, phones=hearing.phones
        )
        try:
            await ws.prepare(request)
            if request.transport is None:
                return ws
            task = asyncio.current_task()
            socket = _Socket(ws, request.transport, visitor, hearing, subscription, task)
            self._sockets.add(socket)
            try:
                await self._talk(socket)
                if socket.goodbye is not None:
                    await asyncio.wait([socket.goodbye], timeout=SEND_TIMEOUT)
            finally:
                self._sockets.discard(socket)
                asyncio.get_running_loop().call_later(FAREWELL, socket.transport.abort)
        finally:
            subscription.close()
        return ws

    def _check_origin(self, request: web.Request, visitor: Visitor) -> None:
        """A cookie is sent by any page, so the page must be ours. A token is sent by a program, which
        comes from no page; where one is named all the same, it must be ours too."""
        if visitor.viewer.kind == "token" and "Origin" not in request.headers:
            return
        origin = request.headers.get("Origin", "")
        if not same_origin(request, origin, self._installation.settings.server):
            raise NotAllowed("request.cross_site", "This page is not a page of Pitline.")

    async def _talk(self, socket: _Socket) -> None:
        sender = asyncio.create_task(self._send_hints(socket))
        try:
            await self._listen(socket)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender

    async def _listen(self, socket: _Socket) -> None:
        """Nothing is asked over this socket but whether it lives; who talks too much is cut off, and
        pings of the protocol are talk too."""
        heard: deque[float] = deque(maxlen=MOST_MESSAGES)
        clock = self._installation.clock
        async for message in socket.ws:
            now = clock.monotonic()
            if len(heard) == MOST_MESSAGES and now - heard[0] < 1.0:
                await self._close(socket, TOO_CHATTY, "too many messages")
                return
            heard.append(now)
            if message.type is WSMsgType.PING:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await socket.ws.pong(message.data)
            if message.type is WSMsgType.TEXT and message.data == "ping":
                with contextlib.suppress(TimeoutError):
                    await self._room(socket)
                    self._write(socket, [PONG])

    async def _send_hints(self, socket: _Socket) -> None:
        """All that wait go out in one write. Each write wakes somebody up, here and there: that, not the
        bytes, is what hundreds of sockets cost."""
        try:
            while not socket.ws.closed:
                await self._room(socket)
                hints = await socket.subscription.take()
                heard = [RESYNC] if hints is None else [h for h in hints if socket.hearing.hears(h)]
                self._write(socket, heard)
                await asyncio.sleep(len(self._sockets) / WRITES_A_SECOND)
        except TimeoutError:
            self._sockets.discard(socket)
            socket.transport.abort()  # a goodbye would wait behind what it does not take
        except (ConnectionError, RuntimeError):
            await self._close(socket, 1011, "broken")

    async def _room(self, socket: _Socket) -> None:
        """Until the other side has taken what was written. Raises TimeoutError when it does not."""
        for _ in range(round(SEND_TIMEOUT / LOOK_FOR_ROOM)):
            if socket.transport.get_write_buffer_size() <= MOST_UNSENT:
                return
            await asyncio.sleep(LOOK_FOR_ROOM)
        raise TimeoutError

    def _write(self, socket: _Socket, hints: Sequence[Hint]) -> None:
        if hints and not socket.ws.closed and not socket.transport.is_closing():
            socket.transport.write(b"".join([self._frames.of(hint) for hint in hints]))

    async def _watch_hints(self) -> None:
        subscription = self._installation.live.subscribe(1000)
        try:
            while True:
                hints = await subscription.take()
                if hints is None or any(hint.topic == ACCESS_TOPIC for hint in hints):
                    self._door.forget()
                    self._look_now.set()
        finally:
            subscription.close()

    async def _watch_sockets(self) -> None:
        link = self._link()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._look_now.wait()
            self._look_now.clear()
            if self._sockets:
                try:
                    await self._close_strangers()
                except HubError as error:
                    self._log.warning("could not look who may stay", error=str(error))
            if link != (link := self._link()):
                self._tell(Hint("pbx", "", 0))

    def _tell(self, hint: Hint) -> None:
        for socket in self._sockets:
            if socket.hearing.hears(hint):
                self._write(socket, [hint])

    def _link(self) -> tuple[bool, str] | None:
        telephony = self._installation.deps.telephony
        if telephony is None:
            return None
        link = telephony.link()
        return link.is_up, link.since.isoformat()

    async def _close_strangers(self) -> None:
        sockets = list(self._sockets)
        sessions = {s.session_id for s in sockets if s.session_id is not None}
        tokens = {s.visitor.viewer.id for s in sockets if s.session_id is None}
        transactions, shop = self._installation.transactions, self._installation.default_shop
        async with transactions.reading(actor=None, shop_id=shop) as uow:
            access = AccessApi(uow, self._installation.deps)
            stamps = await access.sessions.stamps(sessions) if sessions else {}
            stamps |= await access.tokens.stamps(tokens) if tokens else {}
        for socket in sockets:
            stamp = stamps.get(socket.session_id or socket.visitor.viewer.id)
            if stamp is None:
                self._door.later(self._close(socket, SIGNED_OUT, "signed out"))
            elif stamp != socket.visitor.stamp:
                self._door.later(self._close(socket, CHANGED, "rights changed"))

    async def _close(self, socket: _Socket, code: int, reason: str) -> None:
        self._sockets.discard(socket)
        if (task := asyncio.current_task()) is not socket.handler:
            socket.goodbye = task
        with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(SEND_TIMEOUT):
                await socket.ws.close(code=code, message=reason.encode())
