"""Finds out who asks: by session cookie or Bearer token, remembered for less than a second."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from aiohttp import web

from hub.errors import HubError, NotAllowed, NotSignedIn, Unavailable
from hub.kernel.installation import Installation
from hub.kernel.web import Viewer
from hub.log import get_logger
from hub.modules.access.api import AccessApi, Detour, Known
from webui.guard import Cookies
from webui.texts import accepted_language

R = TypeVar("R")

FRESH = 0.8
AGEING = 0.6
"""Who goes on asking is looked up again beside the requests, so that none of them waits for it."""
TOUCH_AFTER = timedelta(minutes=1)
_KEEP = 2000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, and by which cookie; `stamp` changes when what they may do changes; `detour` is what
    they must do before anything else."""

    viewer: Viewer
    session_token: str = ""
    stamp: str = ""
    must_change_password: bool = False
    detour: Detour = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """A look-up that runs; `forgotten`: how often everything had been forgotten when it began."""

    task: asyncio.Task[Known | None]
    began: float
    forgotten: int


def detained(detour: Detour) -> NotAllowed:
    """What a program is told that comes with the cookie of somebody who must do something first."""
    if detour == "password":
        return NotAllowed(
            "access.password_first", "Choose a password of your own first.", "Open your account."
        )
    return NotAllowed("access.factor_first", "Set up a second factor first.", "Open your account.")


class Door:
    """Authenticates requests. What it remembers is forgotten at the first hint that people, sessions
    or tokens changed, and in any case after 0.8 s, so that another process's change counts too."""

    def __init__(self, installation: Installation, cookies: Cookies) -> None:
        self._installation = installation
        self._cookies = cookies
        self._log = get_logger("webui.door")
        self._remembered: dict[str, tuple[Known, float]] = {}
        self._touching: set[str] = set()
        self._asking: set[str] = set()
        self._looking: dict[str, _Look] = {}
        self._nobodies: dict[str, Visitor] = {}
        self._forgotten = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def look(self, request: web.Request, *, with_cookie: bool = True) -> Visitor:
        """Who it is; nobody without cookie or token. Raises NotSignedIn for a token that is no good
        (a cookie that is no good is just nobody)."""
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            known = await self._known(token.strip(), is_token=True) if scheme.lower() == "bearer" else None
            if known is None:
                raise NotSignedIn("access.token_bad", "This token opens nothing.", "Make a new one.")
            return Visitor(known.viewer, "", known.stamp)
        cookie = request.cookies.get(self._cookies.session, "") if with_cookie else ""
        known = await self._known(cookie, is_token=False) if 0 < len(cookie) <= 100 else None
        if known is None:
            return self.nobody(request)
        return Visitor(known.viewer, cookie, known.stamp, known.must_change_password, known.detour)

    def nobody(self, request: web.Request) -> Visitor:
        """Somebody who is not signed in."""
        default = self._installation.settings.shop.language
        language = accepted_language(request.headers.get("Accept-Language", ""), default)
        found = self._nobodies.get(language)
        if found is None:
            viewer = Viewer(
                kind="nobody", id="", name="", role="", rights={}, shop_id=self._installation.default_shop,
                shop_ids=frozenset(), language=language,
            )  # fmt: skip
            found = self._nobodies[language] = Visitor(viewer)
        return found

    def forget(self) -> None:
        """People, sessions or tokens may have changed: look again."""
        self._remembered.clear()
        self._forgotten += 1

    async def close(self) -> None:
        """Let what is done beside requests finish, but not for long."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=1.5)
            for task in late:
                task.cancel()

    async def _known(self, secret: str, *, is_token: bool) -> Known | None:
        key = f"{'token' if is_token else 'session'}:{secret}"
        found, at = self._remembered.get(key, (None, 0.0))
        age = self._installation.clock.monotonic() - at
        if found is None or age >= FRESH:
            return await self._ask_together(key, secret, is_token=is_token)
        if age >= AGEING and key not in self._asking:
            self._asking.add(key)
            self.later(self._ask_again(key, secret, is_token=is_token))
        return found

    async def _ask_together(self, key: str, secret: str, *, is_token: bool) -> Known | None:
        """Those who come at once share a look-up: after a moment of much work a page asks for a dozen calls.
        Nobody shares one that began before something changed, or longer ago than an answer is good."""
        now = self._installation.clock.monotonic()
        look = self._looking.get(key)
        if look is None or look.forgotten != self._forgotten or now - look.began >= FRESH:
            task = self.later(self._ask(key, secret, is_token=is_token))
            look = self._looking[key] = _Look(task, now, self._forgotten)
            task.add_done_callback(lambda done: self._looked(key, done))
        try:
            return await asyncio.shield(look.task)
        except asyncio.CancelledError:
            asks = asyncio.current_task()
            if asks is not None and asks.cancelling():
                raise
            raise Unavailable(
                "server.stopping", "Pitline is stopping.", "Try again in a few seconds."
            ) from None

    def _looked(self, key: str, done: asyncio.Task[Known | None]) -> None:
        if (look := self._looking.get(key)) is not None and look.task is done:
            del self._looking[key]
        if not done.cancelled():
            done.exception()  # whoever waits for it is told; perhaps nobody does any more

    async def _ask_again(self, key: str, secret: str, *, is_token: bool) -> None:
        try:
            await self._ask(key, secret, is_token=is_token)
        except HubError:
            return  # whoever comes next asks, and hears why
        finally:
            self._asking.discard(key)

    async def _ask(self, key: str, secret: str, *, is_token: bool) -> Known | None:
        now, forgotten = self._installation.clock.monotonic(), self._forgotten
        transactions, shop = self._installation.transactions, self._installation.default_shop
        async with transactions.reading(actor=None, shop_id=shop) as uow:
            access = AccessApi(uow, self._installation.deps)
            known = await (access.tokens.known(secret) if is_token else access.sessions.known(secret))
        if len(self._remembered) >= _KEEP:
            self._remembered.clear()
        if known is None:
            self._remembered.pop(key, None)
            return None
        if forgotten == self._forgotten:  # else what was read may be what has changed meanwhile
            self._remembered[key] = (known, now)
        self._touch(known)
        return known

    def _touch(self, known: Known) -> None:
        key = known.viewer.session_id or known.viewer.id
        now = self._installation.clock.now()
        if key in self._touching or (known.seen_at is not None and now - known.seen_at < TOUCH_AFTER):
            return
        self._touching.add(key)
        self.later(self._write_touch(known, key))

    def later(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Do it beside the request; kept until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _write_touch(self, known: Known, key: str) -> None:
        transactions, viewer = self._installation.transactions, known.viewer
        try:
            async with transactions.writing(actor=None, shop_id=viewer.shop_id) as uow:
                access = AccessApi(uow, self._installation.deps)
                await (access.sessions if viewer.session_id else access.tokens).touch(key)
        except HubError as error:
            self._log.warning("could not note that somebody was here", who=viewer.actor, error=str(error))
        finally:
            self._touching.discard(key)
