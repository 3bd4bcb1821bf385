"""Builds the web application of a running hub: every module's pages and operations, and our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from hub.kernel.installation import Installation
from hub.kernel.manifest import grants_of
from hub.kernel.texts import Texts
from hub.kernel.web import ApiOperation, Route
from hub.modules.access.api import prepare, warm_up
from webui.brakes import Limits
from webui.cursors import Cursors
from webui.door import Door
from webui.files import HERE, Files
from webui.following import Following
from webui.forms import BIGGEST_BODY
from webui.guard import Cookies
from webui.hooks import add_hooks
from webui.live import Sockets
from webui.menu import Menu
from webui.middlewares import make_error_middleware, make_header_signal
from webui.openapi import PREFIX
from webui.operations import every_operation
from webui.package import Package
from webui.pages import (
    account,
    api_console,
    approvals,
    audit,
    badges,
    dead_letters,
    document,
    home,
    hooks,
    invitation,
    jobs,
    live_state,
    log,
    login,
    package,
    people,
    phones,
    practice,
    practice_messenger,
    probes,
    roles,
    second_factor,
    settings,
    setup,
    system,
    tokens,
)
from webui.pipeline import Handler, Pipeline
from webui.render import Renderer
from webui.request import Site
from webui.texts import own_folders

SITE = web.AppKey("site", Site)
OWN_ROUTES: tuple[Route, ...] = (
    *home.routes, *login.routes, *setup.routes, *account.routes, *second_factor.routes,
    *invitation.routes, *people.routes, *roles.routes, *settings.routes, *package.routes, *phones.routes,
    *tokens.routes, *api_console.routes, *approvals.routes, *audit.routes, *system.routes,
    *dead_letters.routes, *hooks.routes, *log.routes, *practice.routes, *practice_messenger.routes,
    *live_state.routes, *badges.routes, *jobs.routes, *probes.routes,
)  # fmt: skip


def make_app(installation: Installation, limits: Limits | None = None) -> web.Application:
    """The application; it may be started once. `limits` differ in tests."""
    installation = replace(
        installation, deps=replace(installation.deps, grants=grants_of(installation.modules))
    )
    operations = every_operation(installation.modules)
    site = _make_site(installation, operations)
    cursors = Cursors(installation)
    following = Following(installation)
    pipeline = Pipeline(site, limits or Limits.of(installation.settings.api), cursors)
    app = web.Application(middlewares=[make_error_middleware(site)], client_max_size=BIGGEST_BODY)
    app[SITE] = site
    app.on_response_prepare.append(make_header_signal(site))
    app.router.add_get("/live", pipeline.socket(site.sockets.serve))
    app.router.add_get("/assets/{name:.+}", site.files.serve)
    add_hooks(app, installation)
    _add(app, pipeline, OWN_ROUTES)
    _add(app, pipeline, document.routes(operations))
    for module in installation.modules:
        pages = [replace(route, feature=route.feature or module.feature) for route in module.routes]
        _add(app, pipeline, pages)
    for operation in operations:
        _add_one(app, operation.method, PREFIX + operation.path, pipeline.operation(operation))

    async def run(_app: web.Application) -> None:
        await prepare(installation)
        await cursors.prepare()
        await warm_up()
        await setup.announce(site)
        site.sockets.start()
        following.start()

    async def stop(_app: web.Application) -> None:
        await following.stop()
        await site.sockets.stop()
        await site.door.close()

    app.on_startup.append(run)
    app.on_shutdown.append(stop)
    return app


def _make_site(installation: Installation, operations: Sequence[ApiOperation]) -> Site:
    modules, shop = installation.modules, installation.settings.shop
    texts = Texts([*own_folders(HERE / "locales"), *(module.folder / "locales" for module in modules)])
    files = Files(modules)
    bought = Package.of(shop.plan, modules, OWN_ROUTES)
    cookies = Cookies.of(installation.settings.server)
    door = Door(installation, cookies)
    return Site(
        installation=installation,
        deps=installation.deps,
        cookies=cookies,
        texts=texts,
        files=files,
        renderer=Renderer(modules, texts, files, installation.clock, shop.timezone, shop.country),
        door=door,
        sockets=Sockets(installation, door, bought),
        menu=Menu(modules, installation.deps, bought),
        package=bought,
        setup_code=setup.new_code(),
        summaries={one.name: one.summary for one in operations},
        secret_paths=_secret_paths([*OWN_ROUTES, *(route for module in modules for route in module.routes)]),
    )


def _secret_paths(routes: Sequence[Route]) -> tuple[str, ...]:
    """The beginnings of the addresses that go on with a secret: each says so by calling it `{token}`."""
    return tuple(sorted({route.path.partition("{token}")[0] for route in routes if "{token}" in route.path}))


def _add(app: web.Application, pipeline: Pipeline, routes: Sequence[Route]) -> None:
    for route in routes:
        _add_one(app, route.method, route.path, pipeline.page(route))


def _add_one(app: web.Application, method: str, path: str, handler: Handler) -> None:
    if method == "GET":
        app.router.add_get(path, handler)
    else:
        app.router.add_route(method, path, handler)
