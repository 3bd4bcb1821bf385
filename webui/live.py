"""/live: tells browsers and programs *that* something changed; what changed they ask for by GET."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from hub.errors import HubError, NotAllowed, NotSignedIn, TooMany
from hub.kernel.installation import Installation, LiveSubscription
from hub.kernel.manifest import Module
from hub.kernel.stream.dead_letters import TOPIC as DEAD
from hub.kernel.web import SIGNED_IN, Viewer
from hub.log import get_logger
from hub.modules.access.api import AccessApi
from hub.ports.live import Hint
from webui.door import Door, Visitor, detained
from webui.guard import same_origin
from webui.package import Package

MOST_SOCKETS = 30
MOST_MESSAGES = 20
BIGGEST_MESSAGE = 64 * 1024
HEARTBEAT = 20.0
SEND_TIMEOUT = 10.0
FAREWELL = 1.5
LOOK_EVERY = 0.7
SIGNED_OUT, CHANGED, TOO_CHATTY = 4401, 4409, 1008
RESYNC = Hint("resync", "", 0)
PONG = Hint("pong", "", 0)
OWN_TOPICS: Mapping[str, str] = {"pbx": SIGNED_IN, "job": SIGNED_IN, DEAD: "system.view"}
ACCESS_TOPIC = "access"


@dataclass(slots=True, eq=False)
class _Socket:
    """One open socket and who is behind it. `goodbye` is the task that closes it from our side: the
    handler waits for it, for the connection ends with the handler."""

    ws: web.WebSocketResponse
    visitor: Visitor
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
        phones = (*viewer.extensions, viewer.mobile) if viewer.mobile else viewer.extensions
        subscription = self._installation.live.subscribe(self._queue, shops=viewer.shop_ids, phones=phones)
        socket = _Socket(ws, visitor, subscription, asyncio.current_task())
        try:
            await ws.prepare(request)
            self._sockets.add(socket)
            await self._talk(socket)
            if socket.goodbye is not None:
                await asyncio.wait([socket.goodbye], timeout=SEND_TIMEOUT)
        finally:
            self._sockets.discard(socket)
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
                await _send(socket.ws, PONG)

    async def _send_hints(self, socket: _Socket) -> None:
        viewer = socket.visitor.viewer
        try:
            while not socket.ws.closed:
                hint = await socket.subscription.next()
                if hint is None:
                    await _send(socket.ws, RESYNC)
                elif self._may_know(hint, viewer):
                    await _send(socket.ws, hint)
        except (TimeoutError, ConnectionError, RuntimeError):
            await self._close(socket, 1011, "too slow")

    def _may_know(self, hint: Hint, viewer: Viewer) -> bool:
        right = self._rights.get(hint.topic)
        if right is None or not viewer.can(right):
            return False
        if hint.shop_id is None or hint.shop_id in viewer.reaching(right).shop_ids:
            return True
        return not hint.phones.isdisjoint((*viewer.extensions, viewer.mobile))

    async def _watch_hints(self) -> None:
        subscription = self._installation.live.subscribe(1000)
        try:
            while True:
                hint = await subscription.next()
                if hint is None or hint.topic == ACCESS_TOPIC:
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
            if self._may_know(hint, socket.visitor.viewer):
                self._door.later(_try_send(socket.ws, hint))

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


def topics_of(modules: Sequence[Module]) -> dict[str, str]:
    """Every topic a watcher may get, and the right it needs."""
    return {**{topic.topic: topic.right for module in modules for topic in module.topics}, **OWN_TOPICS}


async def _send(ws: web.WebSocketResponse, hint: Hint) -> None:
    text = json.dumps({"topic": hint.topic, "id": hint.id, "rev": hint.rev}, separators=(",", ":"))
    async with asyncio.timeout(SEND_TIMEOUT):
        await ws.send_str(text)


async def _try_send(ws: web.WebSocketResponse, hint: Hint) -> None:
    with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
        await _send(ws, hint)
