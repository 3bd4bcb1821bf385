"""What every page and operation goes through before and after its handler: who asks, may he, is it
his own doing, how often; then one unit of work, committed before the answer is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiohttp import web

from hub.errors import NotAllowed, NotFound, NotSignedIn, TooMany, Unavailable
from hub.kernel.idempotency import IdempotencyKeys, Once
from hub.kernel.plans import load_plans
from hub.kernel.web import PUBLIC, ApiOperation, Route, Traffic
from hub.modules.access.api import address_group
from webui.approving import SecondNeeded, asked_of, refuse, take
from webui.aside import is_on_the_way, led_aside
from webui.brakes import Brakes, Limits
from webui.cursors import Cursors
from webui.door import detained
from webui.forms import check_address, read_form, read_upload
from webui.guard import (
    CSRF_FIELD,
    CSRF_HEADER,
    RATE,
    REQUEST_ID,
    SAFE,
    check_csrf,
    check_transport,
    client_address,
)
from webui.operating import Operating, kept, replayed
from webui.refusals import Refusals
from webui.request import PAGE, Request, Site
from webui.second import ask_second
from webui.shedding import Shedding

MOST_TRIES = 3

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
        self._plans = load_plans()
        self._shedding = Shedding(site.installation.pressure)
        self._brakes = Brakes(site.installation.limiter)
        self._refusals = Refusals(self._brakes, limits.refusal)

    def page(self, route: Route) -> Handler:
        """The handler of a page."""

        async def serve(http: web.Request) -> web.StreamResponse:
            request = await self._admit(http, route.name, route, with_cookie=True)
            async with self._refusals_noted(request):
                if route.is_guessable:
                    await self._brakes.take(address_group(request.address), self._limits.secret)
                self._allow(request, route.right, route.feature)
                if request.visitor.detour and not is_on_the_way(request, route.right):
                    return led_aside(request)
                if http.method not in SAFE:
                    await self._take_form(request, route)
                    if route.second and (prompt := await ask_second(request, route)) is not None:
                        if request.notes == 0:
                            asked = {"code": "access.second_needed"}
                            await self._refusals.note(request, request.action, "refused", asked)
                        return prompt
                if route.before is not None:
                    request.prepared = await route.before(request)
                if isinstance(route, FreeRoute):
                    return await self._free(request, route)
                return await self._in_unit(request, route, lambda: route.handler(request))

        return serve

    def socket(self, serve: Handler) -> Handler:
        """The handler of /live, which looks at who asks itself; a page of another site is noted."""

        async def guarded(http: web.Request) -> web.StreamResponse:
            server = self._site.installation.settings.server
            check_transport(http, server, client_address(http, server))
            try:
                return await serve(http)
            except NotAllowed as error:
                request = await self._admit(http, "web.live", None, with_cookie=True)
                await self._refusals.note(request, request.action, "refused", {"code": error.code})
                raise

        return guarded

    def operation(self, operation: ApiOperation) -> Handler:
        """The handler of an operation of the API. A token may all; a browser's cookie may read, and
        change things only from a page of ours, which shows the session's own token."""
        operating = Operating(operation, self._cursors)

        async def serve(http: web.Request) -> web.StreamResponse:
            is_safe = http.method in SAFE
            with_cookie = is_safe or CSRF_HEADER in http.headers
            request = await self._admit(http, operation.name, operation, with_cookie=with_cookie)
            async with self._refusals_noted(request):
                self._allow(request, operation.right, operation.feature)
                if request.visitor.detour:
                    raise detained(request.visitor.detour)
                if not is_safe and request.visitor.session_token:
                    server = self._site.installation.settings.server
                    check_csrf(http, server, request.visitor.session_token, http.headers.get(CSRF_HEADER, ""))
                given = await operating.given(http)
                once = None if is_safe or operation.media else await operating.once(request)
                if operation.before is not None:
                    request.prepared = await operation.before(request, **given)

                asked = await asked_of(request, operation) if operation.second else None

                async def run() -> web.StreamResponse:
                    if asked is not None:
                        if operation.check is not None:
                            await operation.check(request, **given)
                        await take(request, asked)
                    return operating.answer(request, await operation.handler(request, **given))

                try:
                    return await self._in_unit(request, operation, run, once)
                except SecondNeeded:
                    if asked is None:
                        raise
                    await refuse(request, asked)

        return serve

    async def _admit(
        self, http: web.Request, action: str, what: Route | ApiOperation | None, *, with_cookie: bool
    ) -> Request:
        site = self._site
        server = site.installation.settings.server
        address = client_address(http, server)
        check_transport(http, server, address)
        check_address(http)
        visitor = site.door.nobody(http)
        request = Request(
            site=site, http=http, visitor=visitor, id=http[REQUEST_ID], address=address, action=action
        )
        http[PAGE] = request
        if what is not None:
            self._shedding.check(what)
        try:
            request.visitor = await site.door.look(http, with_cookie=with_cookie)
        except NotSignedIn as error:
            await self._brakes.take(address, self._limits.stranger)
            await self._refusals.note(request, action, "refused", {"code": error.code})
            raise
        traffic: Traffic = what.traffic if isinstance(what, Route) else "page"
        limit = self._limits.for_viewer(request.viewer, traffic)
        if limit is not None:
            http[RATE] = await self._brakes.take(request.viewer.id or address, limit)
        return request

    def _allow(self, request: Request, right: str, feature: str) -> None:
        if right == PUBLIC or request.viewer.can(right):
            self._plans.demand(self._site.installation.settings.shop.plan, feature)
            reaching = request.viewer.reaching(right)
            if reaching is not request.viewer:
                request.visitor = replace(request.visitor, viewer=reaching)
            return
        if request.viewer.kind == "nobody":
            raise NotSignedIn("access.sign_in", "Please sign in.", "Sign in and go on from there.")
        raise NotAllowed(
            "access.no_right", "You have no right to do this.", "Ask the owner for it.", data={"right": right}
        )

    @asynccontextmanager
    async def _refusals_noted(self, request: Request) -> AsyncIterator[None]:
        """What a signed-in person or program was refused, or asked for in vain (another shop's object
        is not there), is audited wherever it was refused."""
        try:
            yield
        except (NotAllowed, NotFound, TooMany) as error:
            if request.viewer.kind != "nobody" or not isinstance(error, NotFound):
                outcome = "missing" if isinstance(error, NotFound) else "refused"
                right = {"right": error.data["right"]} if "right" in error.data else {}
                await self._refusals.note(request, request.action, outcome, {"code": error.code, **right})
            raise

    async def _take_form(self, request: Request, route: Route) -> None:
        http = request.http
        if route.upload:
            request.form, request.upload = await read_upload(http, route.upload)
        else:
            request.form = await read_form(http)
        is_entrance = isinstance(route, FreeRoute) and route.is_entrance
        if request.visitor.session_token and not is_entrance:
            sent = http.headers.get(CSRF_HEADER, "") or request.form.get(CSRF_FIELD, "")
            check_csrf(http, self._site.installation.settings.server, request.visitor.session_token, sent)

    async def _free(self, request: Request, route: FreeRoute) -> web.StreamResponse:
        response = await route.handler(request)
        if request.http.method in SAFE:
            return response
        self._site.door.forget()
        if request.notes == 0 and route.traffic != "hook":
            if response.status < 400:
                async with request.writing():
                    pass
            else:
                await self._refusals.note(request, request.action, "failed", {"status": response.status})
        return response

    async def _in_unit(
        self,
        request: Request,
        what: Route | ApiOperation,
        run: Callable[[], Awaitable[web.StreamResponse]],
        once: Once | None = None,
    ) -> web.StreamResponse:
        if request.http.method in SAFE:
            async with request.reading() as uow:
                request.begin(uow)
                response = await run()
            if what.is_noted and response.status < 400:
                request.begin(None)
                await self._note(request, what)
            return response
        is_noted = not (isinstance(what, Route) and what.is_quiet)
        for attempt in range(1, MOST_TRIES + 1):
            try:
                return await self._write(request, run, once, is_noted)
            except Unavailable as error:
                if attempt == MOST_TRIES or error.code != "database.conflict":
                    raise
        raise AssertionError("the last try returns or raises")

    async def _note(self, request: Request, what: Route | ApiOperation) -> None:
        """A GET that is audited: under what the page says of it, or under its address."""
        if what.noting is None:
            async with request.writing():
                return
        try:
            async with request.writing(is_noted=False) as uow:
                request.begin(uow)
                subject = await what.noting(request)
                if subject is not None:
                    request.audit(uow, request.action, subject=subject)
        finally:
            request.begin(None)

    async def _write(
        self,
        request: Request,
        run: Callable[[], Awaitable[web.StreamResponse]],
        once: Once | None,
        is_noted: bool,
    ) -> web.StreamResponse:
        try:
            async with request.writing(is_noted=is_noted) as uow:
                request.begin(uow)
                keys = IdempotencyKeys(uow, self._site.installation.clock, self._site.installation.deps.seal)
                if once is not None and (answer := await keys.begin(once)) is not None:
                    raise _Undo(replayed(answer))
                response = await run()
                if response.status >= 400:
                    raise _Undo(response)
                if once is not None:
                    await keys.finish(once, kept(response))
        except _Undo as undo:
            return undo.response
        finally:
            request.begin(None)
        if request.action.startswith("access."):
            self._site.door.forget()
        return response


class _Undo(Exception):
    """The page says that it went wrong (a form with faults), or that it was done before: nothing of
    this try is kept."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__("undone")
        self.response = response
