"""Shops in different zones: a day is each shop's own, in the report and in the list behind every number, over
changes of daylight-saving time too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP, Place, Places
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls.api import CallFilter, own_days, within
from hub.modules.calls.periods import apart
from hub.modules.reports.rules import before
from hub.settings import ShopSettings
from hub.values import ShopId
from tests.factories.calls import MORNING, ended, fact, tell
from tests.factories.site import Client, get_json, get_text, site_of

KYIV, LISBON = ZoneInfo("Europe/Kyiv"), ZoneInfo("Europe/Lisbon")
ZONES = ("Europe/Kyiv", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC")
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
AUTUMN, SPRING = date(2025, 10, 26), date(2026, 3, 29)
NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
async def lisbon(hub: Hub, frozen_clock: FrozenClock) -> ShopId:
    frozen_clock.advance((NOW - frozen_clock.now()).total_seconds())
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(
            name="Lisboa", country="PT", timezone="Europe/Lisbon", currency="EUR", language="en"
        )
        made = (await AccessApi(uow, hub.installation.deps).shops.create(entry)).id
    hub.installation.deps.places.learn({made: Place("PT", LISBON)})
    return made


@pytest.fixture
async def site(hub: Hub, lisbon: ShopId) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


def moments(day: date) -> list[datetime]:
    """Around each midnight of three days, a quarter of an hour apart, by universal time."""
    begun = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    return [begun + timedelta(minutes=75 * number) for number in range(62)]


async def tell_both(hub: Hub, lisbon: ShopId, day: date) -> list[datetime]:
    """At each moment a call at either shop."""
    found = moments(day)
    for shop in (FIRST_SHOP, lisbon):
        calls = [
            ended(
                f"{shop}:{at.isoformat()}", (at - MORNING).total_seconds(), "missed", from_number=_number(n)
            )
            for n, at in enumerate(found)
        ]
        await tell(hub, *(fact(1, call) for call in calls), shop_id=shop)
    return found


def _number(place: int) -> str:
    return f"+38050{place:07}"


@pytest.mark.parametrize("day", [AUTUMN, SPRING], ids=["autumn", "spring"])
async def test_no_call_is_dropped_at_the_edges_of_the_days_of_either_shop(
    hub: Hub, site: Client, lisbon: ShopId, day: date
) -> None:
    told = await tell_both(hub, lisbon, day)
    for first, last in ((day, day), (day - timedelta(days=1), day), (day, day + timedelta(days=1))):
        asked = {"from": first.isoformat(), "to": last.isoformat(), "hours": "all"}
        here, there = (
            sum(first <= at.astimezone(zone).date() <= last for at in told) for zone in (KYIV, LISBON)
        )
        status, report = await get_json(site, "/api/v1/reports/calls", **asked)
        assert (status, report["inbound"]["calls"]) == (200, here + there)
        by_day = {one["first"]: one["sums"]["calls"] for one in report["days"]}
        assert sum(by_day.values()) == here + there, "each call stands under a day"
        for shop, count in ((FIRST_SHOP, here), (lisbon, there)):
            _, one = await get_json(site, "/api/v1/reports/calls", shop=shop, **asked)
            assert one["inbound"]["calls"] == count
        _, page = await get_text(site, "/calls", period="custom", count="1", direction="inbound", **asked)
        assert re.search(rf"\b{here + there}\b", page), "the list behind the number has as many"


async def test_whoever_was_lost_at_both_shops_is_one_lost_client(
    hub: Hub, site: Client, lisbon: ShopId
) -> None:
    """At 23:30 in Kyiv, and an hour later in Lisbon, where it is the same day still."""
    late = datetime(2026, 3, 10, 23, 30, tzinfo=KYIV)
    for shop, hours in ((FIRST_SHOP, 0), (lisbon, 1)):
        seconds = (late + timedelta(hours=hours) - MORNING).total_seconds()
        await tell(hub, fact(1, ended(f"c{hours}", seconds, "missed")), shop_id=shop)
    asked = {"from": "2026-03-10", "to": "2026-03-10", "hours": "all"}
    _, report = await get_json(site, "/api/v1/reports/calls", **asked)
    assert (report["inbound"]["calls"], report["lost_clients"]) == (2, 1)
    await tell(hub, fact(1, ended("next", seconds + 3600, "missed")), shop_id=FIRST_SHOP)
    _, report = await get_json(site, "/api/v1/reports/calls", **asked)
    assert report["lost_clients"] == 1, "that he rang Kyiv on its next day is no reason to forget him"


@given(st.lists(st.sampled_from(ZONES), min_size=1, max_size=4), DAYS, st.integers(0, 40), st.data())
def test_a_moment_is_in_the_days_exactly_when_the_clock_on_its_wall_says_so(
    zones: list[str], first: date, more: int, data: st.DataObject
) -> None:
    last = first + timedelta(days=more)
    shops = {ShopId(f"s{number}"): ZoneInfo(zone) for number, zone in enumerate(zones)}
    places = Places(ShopSettings())
    places.learn({shop: Place("UA", zone) for shop, zone in shops.items()})
    where = CallFilter()
    found = within(where, own_days(first, last, shops, places, where, KYIV))
    edge = data.draw(st.sampled_from([first, last + timedelta(days=1)]))
    minutes = data.draw(st.integers(-30 * 60, 30 * 60))
    at = datetime(edge.year, edge.month, edge.day, tzinfo=UTC) + timedelta(minutes=minutes)
    for shop, zone in shops.items():
        is_due = first <= at.astimezone(zone).date() <= last
        assert any(_has(one, shop, at) for one in apart(found)) is is_due
        assert not is_due or _has(found, None, at), "the outermost ends hold everything"


def _has(where: CallFilter, shop: ShopId | None, at: datetime) -> bool:
    is_there = shop is None or where.shops is None or shop in where.shops
    return (
        is_there and where.since is not None and where.until is not None and where.since <= at < where.until
    )


@given(DAYS, st.integers(0, 40), st.sampled_from(ZONES), st.integers(-100, 100))
def test_the_time_before_is_as_many_of_the_shops_own_days(
    first: date, more: int, zone: str, hours: int
) -> None:
    last = first + timedelta(days=more)
    (one,) = own_days(first, last, (), Places(ShopSettings()), CallFilter(), ZoneInfo(zone))
    assert one.until is not None
    now = one.until + timedelta(hours=hours)
    earlier = before(one, now)
    assert earlier.since is not None
    assert earlier.until is not None
    assert earlier.since.astimezone(one.zone).date() == first - timedelta(days=more + 1)
    assert earlier.until <= one.since if hours >= 0 else earlier.until <= one.until
