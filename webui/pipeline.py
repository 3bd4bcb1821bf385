"""What every page and operation goes through before and after its handler: who asks, may he, is it
his own doing, how often; then one unit of work, committed before the answer is sent."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from hub.errors import HubError, NotAllowed, NotSignedIn, Unavailable
from hub.kernel.idempotency import IdempotencyKeys, Once
from hub.kernel.web import PUBLIC, ApiOperation, Route, Traffic
from hub.log import get_logger
from hub.modules.access.api import AccessApi
from webui.brakes import Brakes, Limits
from webui.cursors import Cursors
from webui.forms import check_address, read_form
from webui.guard import CSRF_FIELD, CSRF_HEADER, RATE, REQUEST_ID, SAFE, check_csrf, client_address
from webui.operating import Operating, kept, replayed
from webui.request import PAGE, Request, Site

MOST_TRIES = 3
_DENIAL_EVERY = 10.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRoute(Route):
    """A page of our own that opens its units of work itself (`request.uow` is not there): one that
    hashes a password, or that the machinery answers. Its handler is given our own `Request`."""

    handler: Callable[..., Awaitable[web.StreamResponse]]
    is_entrance: bool = False
    """It acts on what is typed, not on the session of whoever sends it, and looks after itself."""


class Pipeline:
    """Makes aiohttp handlers of routes and operations."""

    def __init__(self, site: Site, limits: Limits, cursors: Cursors) -> None:
        self._site = site
        self._limits = limits
        self._cursors = cursors
        self._brakes = Brakes(site.installation.limiter)
        self._denials: dict[str, float] = {}
        self._log = get_logger("webui")

    def page(self, route: Route) -> Handler:
        """The handler of a page."""

        async def serve(http: web.Request) -> web.StreamResponse:
            request = await self._admit(http, with_cookie=True, traffic=route.traffic)
            await self._allow(request, route.right, route.name)
            if http.method not in SAFE:
                request.form = await read_form(http)
                is_entrance = isinstance(route, FreeRoute) and route.is_entrance
                if request.visitor.session_token and not is_entrance:
                    sent = http.headers.get(CSRF_HEADER, "") or request.form.get(CSRF_FIELD, "")
                    server = self._site.installation.settings.server
                    check_csrf(http, server, request.visitor.session_token, sent)
            if isinstance(route, FreeRoute):
                response = await route.handler(request)
                if http.method not in SAFE:
                    self._site.door.forget()
                return response
            return await self._in_unit(request, route.name, lambda: route.handler(request))

        return serve

    def operation(self, operation: ApiOperation) -> Handler:
        """The handler of an operation of the API. A token may all; a browser's cookie may read, and
        change things only from a page of ours, which shows the session's own token."""
        operating = Operating(operation, self._cursors)

        async def serve(http: web.Request) -> web.StreamResponse:
            is_safe = http.method in SAFE
            request = await self._admit(http, with_cookie=is_safe or CSRF_HEADER in http.headers)
            await self._allow(request, operation.right, operation.name)
            if not is_safe and request.visitor.session_token:
                server = self._site.installation.settings.server
                sent = http.headers.get(CSRF_HEADER, "")
                check_csrf(http, server, request.visitor.session_token, sent)
            given = await operating.given(http)
            once = None if is_safe else await operating.once(request)

            async def run() -> web.StreamResponse:
                return operating.answer(await operation.handler(request, **given))

            return await self._in_unit(request, operation.name, run, once)

        return serve

    async def _admit(self, http: web.Request, *, with_cookie: bool, traffic: Traffic = "page") -> Request:
        site = self._site
        address = client_address(http, site.installation.settings.server)
        check_address(http)
        visitor = site.door.nobody(http)
        request = Request(site=site, http=http, visitor=visitor, id=http[REQUEST_ID], address=address)
        http[PAGE] = request
        try:
            request.visitor = await site.door.look(http, with_cookie=with_cookie)
        except NotSignedIn:
            await self._brakes.take(address, self._limits.stranger)
            raise
        limit = self._limits.for_viewer(request.viewer, traffic)
        if limit is not None:
            http[RATE] = await self._brakes.take(request.viewer.id or address, limit)
        return request

    async def _allow(self, request: Request, right: str, name: str) -> None:
        if right == PUBLIC or request.viewer.can(right):
            return
        if request.viewer.kind == "nobody":
            raise NotSignedIn("access.sign_in", "Please sign in.", "Sign in and go on from there.")
        await self._note_denial(request, name, right)
        raise NotAllowed(
            "access.no_right", "You have no right to do this.", "Ask the owner for it.", data={"right": right}
        )

    async def _note_denial(self, request: Request, name: str, right: str) -> None:
        """Refusals are audited, but nobody fills the disk by being refused."""
        key, now = f"{request.viewer.actor} {name}", self._site.installation.clock.monotonic()
        if now - self._denials.get(key, -math.inf) < _DENIAL_EVERY:
            return
        if len(self._denials) > 1000:
            self._denials.clear()
        self._denials[key] = now
        await self.audit(request, name, "refused", details={"right": right})

    async def audit(self, request: Request, action: str, outcome: str, **more: Any) -> None:
        """An audit row in a unit of work of its own; what it tells of must not fail because of it."""
        viewer, transactions = request.viewer, self._site.installation.transactions
        try:
            async with transactions.writing(actor=viewer.actor, shop_id=viewer.shop_id) as uow:
                AccessApi(uow, self._site.deps).audit.add(
                    action, outcome, address=request.address, request_id=request.id, **more
                )
        except HubError as error:
            self._log.warning("an audit row could not be written", action=action, error=str(error))

    async def _in_unit(
        self,
        request: Request,
        name: str,
        run: Callable[[], Awaitable[web.StreamResponse]],
        once: Once | None = None,
    ) -> web.StreamResponse:
        viewer, transactions = request.viewer, self._site.installation.transactions
        if request.http.method in SAFE:
            async with transactions.reading(actor=viewer.actor, shop_id=viewer.shop_id) as uow:
                request.begin(uow)
                return await run()
        for attempt in range(1, MOST_TRIES + 1):
            try:
                return await self._write(request, name, run, once)
            except Unavailable as error:
                if attempt == MOST_TRIES or error.code != "database.conflict":
                    raise
        raise AssertionError("the last try returns or raises")

    async def _write(
        self,
        request: Request,
        name: str,
        run: Callable[[], Awaitable[web.StreamResponse]],
        once: Once | None,
    ) -> web.StreamResponse:
        viewer = request.viewer
        try:
            async with self._site.installation.transactions.writing(
                actor=viewer.actor, shop_id=viewer.shop_id
            ) as uow:
                request.begin(uow)
                keys = IdempotencyKeys(uow, self._site.installation.clock)
                if once is not None and (answer := await keys.begin(once)) is not None:
                    raise _Undo(replayed(answer))
                response = await run()
                if response.status >= 400:
                    raise _Undo(response)
                if once is not None:
                    await keys.finish(once, kept(response))
                subject = " ".join(request.path.values())
                AccessApi(uow, self._site.deps).audit.add(
                    name, "done", subject=subject, address=request.address, request_id=request.id
                )
        except _Undo as undo:
            return undo.response
        finally:
            request.begin(None)
        if name.startswith("access."):
            self._site.door.forget()
        return response


class _Undo(Exception):
    """The page says that it went wrong (a form with faults), or that it was done before: nothing of
    this try is kept."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__("undone")
        self.response = response
