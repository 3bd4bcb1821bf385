"""Deliveries that were given up: by filter, tried again; and the story that a fact is part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from hub.errors import NotFound
from hub.kernel.stream.causes import story_of
from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.stream.routing import Routing
from hub.modules.access.api import AccessApi, readable_shops
from hub.values import ShopId
from webui.pipeline import FreeRoute
from webui.request import Request, own_path
from webui.system.dead_letters import reach_of

HOME = "/system/dead-letters"
_ALL, _ONE = f"{HOME}/retry", "/system/dead/{id}"
PAGE = 50
VIEW, MANAGE = "system.view", "system.manage"
_NAMES = ("handler", "event", "age", "shop")
_AGES: Mapping[str, tuple[timedelta, bool]] = {
    "hour": (timedelta(hours=1), True),
    "day": (timedelta(days=1), True),
    "week": (timedelta(days=7), True),
    "older-day": (timedelta(days=1), False),
    "older-week": (timedelta(days=7), False),
}
"""By name: how long ago, and whether it is younger than that."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The filter as it stands in the address."""

    given: Mapping[str, str]
    where: DeadFilter

    def link(self, **more: str) -> str:
        """The same filter at this address."""
        merged = {name: value for name, value in {**self.given, **more}.items() if value}
        return f"{HOME}?{urlencode(merged)}" if merged else HOME


async def show(request: Request) -> web.StreamResponse:
    """Newest first; `before` goes on."""
    letters = request.site.installation.system.letters
    asked = _asked(request, request.query)
    before = request.query.get("before")
    found = await letters.page(asked.where, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else ""
    async with request.reading() as uow:
        shops = await AccessApi(uow, request.deps).list_shops()
    readable = readable_shops(request.viewer)
    return request.page(
        "dead_letters.html", letters=found[:PAGE], asked=asked, ages=_AGES,
        groups=await letters.groups(reach_of(request.viewer, VIEW)),
        matching=await letters.count(asked.where),
        shops=[one for one in shops if one.id in readable], shop_names={one.id: one.name for one in shops},
        following=asked.link(before=more) if more else "", first=asked.link() if before else "",
    )  # fmt: skip


async def retry(request: Request) -> web.StreamResponse:
    """Put a failed delivery back to work."""
    letters = request.site.installation.system.letters
    async with request.writing() as uow:
        await letters.retry(uow, request.path["id"], reach_of(request.viewer, MANAGE))
    return request.redirect(_back(request), notice=request.t("It is being tried again."))


async def give_up(request: Request) -> web.StreamResponse:
    """What failed is not to be done any more."""
    letters = request.site.installation.system.letters
    async with request.writing() as uow:
        await letters.give_up(uow, request.path["id"], reach_of(request.viewer, MANAGE))
    return request.redirect(_back(request), notice=request.t("It is given up; nothing of it will be done."))


async def retry_all(request: Request) -> web.StreamResponse:
    """Put back to work what the filter finds."""
    asked = _asked(request, request.form, MANAGE)
    async with request.writing() as uow:
        count = await request.site.installation.system.letters.retry_all(uow, asked.where)
        request.audit(uow, request.action, subject=urlencode(asked.given)[:200])
    return request.redirect(_back(request), notice=request.t("Being tried again: {count}", count=count))


async def story(request: Request) -> web.StreamResponse:
    """Which fact led to this one, up to the first, and what followed."""
    fact_id, shops = request.path["id"], reach_of(request.viewer, VIEW)
    at_once = Routing(request.site.installation.modules).at_once
    async with request.reading() as uow:
        found = await uow.read(lambda connection: story_of(connection, fact_id, shops, at_once))
        if found is None:
            raise NotFound("event.not_found", "There is no such fact.", "Old ones are not kept.")
        access = AccessApi(uow, request.deps)
        names = {f"person:{one.id}": one.name for one in await access.list_people()}
        names |= {f"token:{one.id}": one.name for one in await access.tokens.all()}
    return request.page("story.html", story=found, asked_id=fact_id, names=names)


def _asked(request: Request, said: MultiMapping[str], right: str = VIEW) -> _Asked:
    given = {name: said.get(name, "").strip()[:120] for name in _NAMES}
    shops = reach_of(request.viewer, right)
    if given["shop"]:
        wanted = ShopId(given["shop"])
        shops = [wanted] if shops is None or wanted in shops else []
    since = until = None
    if given["age"] in _AGES:
        long, is_younger = _AGES[given["age"]]
        moment = request.deps.clock.now() - long
        since, until = (moment, None) if is_younger else (None, moment)
    where = DeadFilter(shops=shops, handler=given["handler"], event=given["event"], since=since, until=until)
    return _Asked(given, where)


def _back(request: Request) -> str:
    back = request.form.get("back")
    return own_path(back) if back else "/system"


routes = (
    FreeRoute(method="GET", path=HOME, handler=show, right=VIEW, name="system.dead_letters"),
    FreeRoute(method="POST", path=_ALL, handler=retry_all, right=MANAGE, name="system.retry_all"),
    FreeRoute(method="POST", path=f"{_ONE}/retry", handler=retry, right=MANAGE, name="system.retry"),
    FreeRoute(method="POST", path=f"{_ONE}/give-up", handler=give_up, right=MANAGE, name="system.give_up"),
    FreeRoute(method="GET", path="/system/facts/{id}", handler=story, right=VIEW, name="system.story"),
)  # fmt: skip
