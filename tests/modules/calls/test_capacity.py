"""When an outside line carries all the calls that it can, on a real database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from sqlalchemy import Connection

from hub.app import Hub
from hub.events.base import Envelope, Event
from hub.events.calls import PbxLinkLost
from hub.events.lines import LineFreed, LineFull, TrunksUsed, TrunkUse
from hub.kernel.context import Delivered
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallsApi, FullView, LineEntry
from hub.modules.calls.handlers import on_line_use
from hub.values import ShopId
from tests.factories.calls import Batch, at, calls_of, delivered
from tests.factories.site import get_json, get_text, site_of


async def line(hub: Hub, number: str, name: str, trunk: str, capacity: int | None) -> None:
    async with calls_of(hub) as calls:
        entry = LineEntry(number=number, name=name, shop_id=FIRST_SHOP, capacity=capacity, trunk=trunk)
        await calls.numbers.save(entry, None)


@dataclass
class Telling(Batch):
    """Remembers the facts, too."""

    facts: list[Event] = field(default_factory=list)

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None:
        self.facts.append(event)


async def used(hub: Hub, seconds: float, *, is_whole: bool = False, **channels: int) -> list[Event]:
    """So many channels on these endpoints; the facts that come of it."""
    uses = tuple(TrunkUse(endpoint=name, channels=count) for name, count in channels.items())
    return await told(hub, TrunksUsed(pbx="ami", is_whole=is_whole, trunks=uses), seconds)


async def told(hub: Hub, event: TrunksUsed | PbxLinkLost, seconds: float) -> list[Event]:
    """What is done with it, in two transactions of their own, as every handler may run twice."""

    def run(connection: Connection) -> list[Event]:
        batch = Telling(connection, hub.installation.deps)
        envelope = replace(delivered(event).envelope, occurred_at=at(seconds))
        on_line_use(batch, [Delivered(envelope, event)])
        return batch.facts

    return [*await hub.database.write(run), *await hub.database.write(run)]


async def full(hub: Hub, shops: frozenset[ShopId] | None = None) -> list[FullView]:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        found = await CallsApi(uow, hub.installation.deps).capacity.between(None, None, shops)
    return sorted(found, key=lambda one: (one.began_at, one.trunk))


def spans(found: list[FullView]) -> list[tuple[str, bool, datetime, datetime | None]]:
    return [(one.trunk, one.is_all, one.began_at, one.ended_at) for one in found]


@pytest.fixture(autouse=True)
async def kyivstar(hub: Hub) -> None:
    """Two numbers that come by one line of two calls."""
    await line(hub, "0441111111", "Main", "kyiv*", 2)
    await line(hub, "0442222222", "Ads", "kyiv*", None)


async def test_a_line_is_full_from_its_last_free_channel_to_the_next(hub: Hub) -> None:
    await used(hub, 0, kyiv=1)
    assert await full(hub) == []
    began = await used(hub, 10, kyiv=2)
    assert await used(hub, 20, kyiv=3) == []
    ended = await used(hub, 310, kyiv=1)
    [one] = await full(hub)
    assert spans([one]) == [("kyiv*", True, at(10), at(310))]
    assert one.lines == ("Ads", "Main")
    assert began == [LineFull(trunk="kyiv*", lines=("Ads", "Main"), capacity=2, is_all=True)]
    assert ended == [
        LineFreed(trunk="kyiv*", lines=("Ads", "Main"), capacity=2, is_all=True, full_since=at(10))
    ]


async def test_endpoints_that_fit_the_pattern_count_together(hub: Hub) -> None:
    await used(hub, 0, kyiv1=1, kyiv2=1, other=5)
    assert spans(await full(hub)) == [("kyiv*", True, at(0), None)]


async def test_of_two_lines_all_are_full_only_while_both_are(hub: Hub) -> None:
    await line(hub, "0953333333", "Mobile", "voda", 1)
    await used(hub, 0, kyiv=2)
    await used(hub, 10, voda=1)
    await used(hub, 20, kyiv=1)
    await used(hub, 30, voda=0)
    assert spans(await full(hub)) == [
        ("kyiv*", False, at(0), at(20)),
        ("", True, at(10), at(20)),
        ("voda", False, at(10), at(30)),
    ]


async def test_what_the_picture_does_not_show_is_free(hub: Hub) -> None:
    await used(hub, 0, kyiv=2)
    await used(hub, 60, is_whole=True)
    assert spans(await full(hub)) == [("kyiv*", True, at(0), at(60))]


async def test_when_the_line_to_the_pbx_is_lost_nobody_says_that_it_went_on(hub: Hub) -> None:
    await used(hub, 0, kyiv=2)
    await told(hub, PbxLinkLost(pbx="ami", reason="away"), 30)
    await used(hub, 90, is_whole=True, kyiv=2)
    assert spans(await full(hub)) == [("kyiv*", True, at(0), at(30)), ("kyiv*", True, at(90), None)]


async def test_another_shop_sees_nothing_of_it(hub: Hub) -> None:
    await used(hub, 0, kyiv=2)
    assert await full(hub, frozenset({ShopId("elsewhere")})) == []


async def test_the_day_s_list_the_board_the_report_and_the_api_say_it(hub: Hub) -> None:
    await used(hub, 0, kyiv=2)
    await used(hub, 1, kyiv=1)
    site = await site_of(hub)
    _, page = await get_text(site, "/calls", period="today")
    assert "data-full=" in page
    _, earlier = await get_text(site, "/calls", period="yesterday")
    assert "data-full=" not in earlier
    _, board = await get_text(site, "/queues")
    assert 'data-trunk="kyiv*"' in board
    _, report = await get_json(site, "/api/v1/reports/calls", period="today")
    assert [one["is_all"] for one in report["line_full"]] == [True]
    _, use = await get_json(site, "/api/v1/line-use")
    assert [(one["channels"], one["capacity"], one["full_since"]) for one in use["items"]] == [(1, 2, None)]
    _, times = await get_json(site, "/api/v1/line-full", since="2026-01-05T00:00:00Z")
    assert [one["ended_at"] for one in times["items"]] == ["2026-01-05T07:02:11.000Z"]
    await site.close()
