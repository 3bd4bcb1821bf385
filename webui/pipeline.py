"""What every page and operation goes through before and after its handler: who asks, may he, is it
his own doing, how often; then one unit of work, committed before the answer is sent."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from hub.errors import HubError, NotAllowed, NotSignedIn, Unavailable
from hub.kernel.web import PUBLIC, ApiOperation, Route
from hub.log import get_logger
from hub.modules.access.api import AccessApi
from webui.brakes import Brakes, Limits
from webui.door import Visitor
from webui.forms import check_address, read_form, read_json, read_query
from webui.guard import CSRF_FIELD, CSRF_HEADER, RATE, REQUEST_ID, SAFE, check_csrf, client_address
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

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site = site
        self._limits = limits
        self._brakes = Brakes(site.installation.clock)
        self._denials: dict[str, float] = {}
        self._log = get_logger("webui")

    def page(self, route: Route) -> Handler:
        """The handler of a page."""

        async def serve(http: web.Request) -> web.StreamResponse:
            request = await self._admit(http, with_cookie=True)
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
        """The handler of an operation of the API. A browser's cookie may read, a token may all."""
        adapter: TypeAdapter[Any] | None = TypeAdapter(operation.result) if operation.result else None

        async def serve(http: web.Request) -> web.StreamResponse:
            request = await self._admit(http, with_cookie=http.method in SAFE)
            await self._allow(request, operation.right, operation.name)
            given: dict[str, Any] = {}
            if operation.query is not None:
                given["query"] = read_query(http, operation.query)
            if operation.body is not None:
                given["body"] = await read_json(http, operation.body)

            # Here, between the parsed body and the unit of work, stands the Idempotency-Key: key,
            # hash of the body and answer are a row of the same unit of work as the effect.
            async def run() -> web.StreamResponse:
                result = await operation.handler(request, **given)
                if isinstance(result, web.StreamResponse):
                    return result
                if adapter is None:
                    return web.Response(status=204)
                body = adapter.dump_json(adapter.validate_python(result, from_attributes=True))
                return web.Response(body=body, status=operation.status, content_type="application/json")

            return await self._in_unit(request, operation.name, run)

        return serve

    async def _admit(self, http: web.Request, *, with_cookie: bool) -> Request:
        site = self._site
        address = client_address(http, site.installation.settings.server)
        check_address(http)
        visitor = site.door.nobody(http)
        request = Request(site=site, http=http, visitor=visitor, id=http[REQUEST_ID], address=address)
        http[PAGE] = request
        try:
            request.visitor = await site.door.look(http, with_cookie=with_cookie)
        except NotSignedIn:
            self._brakes.take(address, self._limits.stranger)
            raise
        http[RATE] = self._slow_down(request.visitor, address)
        return request

    def _slow_down(self, visitor: Visitor, address: str) -> dict[str, str]:
        viewer = visitor.viewer
        if viewer.kind == "nobody":
            return self._brakes.take(address, self._limits.stranger)
        limit = self._limits.token if viewer.kind == "token" else self._limits.person
        return self._brakes.take(viewer.id, limit)

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
        self, request: Request, name: str, run: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        viewer, transactions = request.viewer, self._site.installation.transactions
        if request.http.method in SAFE:
            async with transactions.reading(actor=viewer.actor, shop_id=viewer.shop_id) as uow:
                request.begin(uow)
                return await run()
        for attempt in range(1, MOST_TRIES + 1):
            try:
                return await self._write(request, name, run)
            except Unavailable as error:
                if attempt == MOST_TRIES or error.code != "database.conflict":
                    raise
        raise AssertionError("the last try returns or raises")

    async def _write(
        self, request: Request, name: str, run: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        viewer = request.viewer
        try:
            async with self._site.installation.transactions.writing(
                actor=viewer.actor, shop_id=viewer.shop_id
            ) as uow:
                request.begin(uow)
                response = await run()
                if response.status >= 400:
                    raise _Undo(response)
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
    """The page says that it went wrong (a form with faults): nothing of it is kept."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__("undone")
        self.response = response
