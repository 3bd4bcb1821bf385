"""A mistake in a manifest stops the start with one sentence and the file to look at."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.errors import Invalid
from hub.events.calls import CallEnded, CallFact, CallRinging
from hub.kernel.check import check
from hub.kernel.context import HandlerContext
from hub.kernel.jobs.definition import Cron, Every, Job, JobContext, on_demand
from hub.kernel.manifest import LiveTopic, MenuItem, Module, Permission, Subscription, on
from hub.kernel.web import PUBLIC, SIGNED_IN, ApiOperation, CardPart, DeskStrip, PageRequest, Route
from hub.main import MODULES


async def page(_: PageRequest) -> web.StreamResponse:
    return web.Response()


async def part(_: PageRequest, __: Any) -> str:
    return ""


async def on_ended(event: CallEnded, ctx: HandlerContext) -> None:
    """Of one event."""


async def on_fact(event: CallFact, ctx: HandlerContext) -> None:
    """Of any fact of a call."""


def not_async(event: CallEnded, ctx: HandlerContext) -> None:
    """Nobody awaits it."""


async def run(ctx: JobContext) -> None:
    """Some work."""


def job(**more: Any) -> Job:
    return replace(on_demand(run=run, right="orders.view"), **{"name": "orders.run", **more})


def handler(event: type[CallFact], function: Any, name: str = "orders.on_it") -> Subscription:
    return replace(on(event, function), name=name)


def orders(**more: Any) -> Module:
    right = Permission("orders.view", "See orders", {"owner": "all"})
    defaults: dict[str, Any] = {"permissions": (right,)}
    return Module(name="orders", title="Orders", folder=Path("hub/modules/orders"), **{**defaults, **more})


def crm(**more: Any) -> Module:
    return Module(name="crm", title="CRM", folder=Path("hub/modules/crm"), **more)


def route(path: str = "/orders", right: str = "orders.view", name: str = "orders.list") -> Route:
    return Route(method="GET", path=path, handler=page, right=right, name=name)


def strip(**more: Any) -> DeskStrip:
    fields = {"right": "orders.view", "path": "/orders", "topics": ("order",)}
    return DeskStrip(**{"name": "orders.today", "order": 1, **fields, **more})


GOOD = orders(
    routes=(route(), route("/public", PUBLIC, "orders.public"), route("/mine", SIGNED_IN, "orders.mine")),
    handlers=(handler(CallEnded, on_ended), handler(CallRinging, on_fact, "orders.on_fact")),
    menu=(MenuItem("Orders", "/orders", "orders.view", "tool"),),
    topics=(LiveTopic("order", "orders.view"),),
    card=(CardPart(name="orders", order=1, right="orders.view", render=part),),
    strips=(strip(),),
    requires=("crm",),
)


def test_the_modules_of_this_installation_are_in_order() -> None:
    check(MODULES)


def test_a_good_manifest_passes() -> None:
    check([GOOD, crm()])


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ([orders(), orders()], "module 'orders' is declared twice"),
        ([orders(requires=("crm",))], "needs 'crm'"),
        ([orders(requires=("crm",)), crm(requires=("orders",))], "in a ring: orders -> crm -> orders"),
        ([orders(routes=(route(), route("/else")))], "route name 'orders.list' is declared twice"),
        ([orders(routes=(route(), route(name="x")))], "page 'GET /orders' is declared twice"),
        ([orders(routes=(route(right="orders.vieww"),))], "asks for the right 'orders.vieww'"),
        ([orders(menu=(MenuItem("O", "/o", "nobody.knows", "x"),))], "menu entry /o asks for the right"),
        ([orders(topics=(LiveTopic("order", "what"),))], "live topic order asks for the right"),
        ([orders(card=(CardPart(name="c", order=1, right="w", render=part),))], "card part c asks"),
        ([orders(operations=(ApiOperation(method="GET", path="/orders", handler=page, right="w", name="a",
                                          summary="s"),))], "operation GET /api/v1/orders asks"),
        ([orders(handlers=(handler(CallRinging, on_ended),))], "takes CallEnded, but subscribes"),
        ([orders(handlers=(handler(CallEnded, not_async),))], "must be an async function"),
        ([orders(handlers=(handler(CallEnded, on_ended, "crm.on_it"),))], "must be called orders."),
        ([orders(handlers=(Subscription("orders.x", (CallEnded,)),))], "either ordinary or for batches"),
        ([orders(handlers=(Subscription("orders.x", (), handle=on_ended),))], "subscribes to no event"),
        ([orders(permissions=(Permission("a.b", "t", {"king": "all"}),))], "granted to 'king', no role"),
        ([orders(jobs=(job(), job()))], "job 'orders.run' is declared twice"),
        ([orders(jobs=(job(name="j"),))], "must be called orders.<function>"),
        ([orders(jobs=(job(schedule=Cron("61 3 * * *")),))], "never runs: '61 3 * * *' is no cron"),
        ([orders(jobs=(job(schedule=Cron("0 0 30 2 *")),))], "never runs: '0 0 30 2 *' is no cron"),
        ([orders(jobs=(job(schedule=Every(0)),))], "must wait longer than nothing"),
        ([orders(strips=(strip(),))], "strip orders.today needs a page /orders with its own right"),
        ([orders(strips=(strip(right=SIGNED_IN),), routes=(route(),))], "needs a page /orders"),
        ([orders(strips=(strip(topics=("nobody",)),), routes=(route(),))], "follows 'nobody', no live topic"),
        ([orders(jobs=(job(right="no.such"),))], "job orders.run asks for the right 'no.such'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence_with_the_file(modules: Sequence[Module], said: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(modules)
    assert caught.value.code == "manifest.wrong"
    assert said in caught.value.text
    assert caught.value.text.endswith(".")
    assert "module.py" in caught.value.hint


def test_what_is_known_of_handlers_holds_none_of_them() -> None:
    async def on_it(event: CallEnded, ctx: HandlerContext) -> None:
        """Of a module that is built and dropped."""

    check([orders(handlers=(handler(CallEnded, on_it),))])
    left = weakref.ref(on_it)
    del on_it
    gc.collect()
    assert left() is None
