"""Opening hours, the first shop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from hub.app import Hub
from hub.errors import Conflict, Invalid
from hub.modules.access.api import HolidayView, ShopEntry, Span, ensure_first_shop, prepare, shop_is_open
from hub.settings import ShopSettings
from hub.values import ShopId
from tests.modules.access.conftest import Open

MAIN = ShopId("main")
KYIV = ShopEntry(name="СТО", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")


async def _is_open(hub: Hub, local: str) -> bool:
    moment = datetime.fromisoformat(local)
    return await hub.database.read(lambda connection: shop_is_open(connection, MAIN, moment))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-05T09:00:00+02:00", True),  # a Monday
        ("2026-01-05T08:59:59+02:00", False),
        ("2026-01-05T19:00:00+02:00", False),
        ("2026-01-10T15:59:00+02:00", True),  # Saturday
        ("2026-01-11T12:00:00+02:00", False),  # Sunday
        ("2026-01-05T16:30:00+00:00", True),  # 18:30 in Kyiv
        ("2026-07-06T06:30:00+00:00", True),  # 09:30 in summer
        ("2026-07-06T16:30:00+00:00", False),  # 19:30 in summer
    ],
)
@pytest.mark.one_on_postgres
async def test_a_new_shop_has_usual_hours_in_its_own_zone(hub: Hub, moment: str, expected: bool) -> None:
    assert await _is_open(hub, moment) is expected


async def test_an_unknown_shop_is_closed(hub: Hub) -> None:
    moment = datetime.fromisoformat("2026-01-05T10:00:00+02:00")
    assert not await hub.database.read(lambda c: shop_is_open(c, ShopId("none"), moment))


async def test_breaks_and_holidays_count(hub: Hub, access: Open) -> None:
    hours = {0: [Span(opens=480, closes=720), Span(opens=780, closes=1440)]}
    holidays = [
        HolidayView(day=date(2026, 1, 5), title="short", span=Span(opens=600, closes=660)),
        HolidayView(day=date(2026, 1, 12), title="closed", span=None),
    ]
    async with access() as api:
        shop = await api.shops.set_hours(MAIN, hours, holidays)
        assert shop.holidays[0].title == "short"
    expected = {
        "2026-01-05T09:00:00+02:00": False,
        "2026-01-05T10:30:00+02:00": True,
        "2026-01-12T10:30:00+02:00": False,
        "2026-01-19T12:30:00+02:00": False,
        "2026-01-19T13:00:00+02:00": True,
        "2026-01-19T23:59:59+02:00": True,
        "2026-01-20T10:00:00+02:00": False,
    }
    assert {moment: await _is_open(hub, moment) for moment in expected} == expected


async def test_hours_that_overlap_change_nothing(hub: Hub, access: Open) -> None:
    with pytest.raises(Invalid) as refused:
        async with access() as api:
            await api.shops.set_hours(MAIN, {2: [Span(opens=0, closes=60), Span(opens=30, closes=90)]}, [])
    assert set(refused.value.fields) == {"day2"}
    assert await _is_open(hub, "2026-01-05T10:00:00+02:00")


async def test_the_first_shop_follows_the_settings_until_a_person_changes_it(hub: Hub, access: Open) -> None:
    german = ShopSettings(
        name="Werkstatt", country="DE", timezone="Europe/Berlin", currency="EUR", language="en"
    )
    await hub.database.write(lambda connection: ensure_first_shop(connection, german))
    async with access() as api:
        shop = await api.shop(MAIN)
        assert (shop.name, shop.country, shop.currency) == ("Werkstatt", "DE", "EUR")
        await api.shops.change(MAIN, replace(KYIV, name="Mine"))
    await hub.database.write(lambda connection: ensure_first_shop(connection, german))
    async with access() as api:
        assert (await api.shop(MAIN)).name == "Mine"
        assert [one.id for one in await api.list_shops()] == [MAIN]


async def test_preparing_twice_is_preparing_once(hub: Hub, access: Open) -> None:
    await prepare(hub.installation)
    await prepare(hub.installation)
    async with access() as api:
        assert len(await api.list_shops()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"name": "x" * 201}, {"country": "ZZ"}, {"country": "ua1"}, {"timezone": "Mars/Base"},
        {"timezone": "../etc"}, {"currency": "XXX"}, {"language": "de"}, {"address": "x" * 301},
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_what_is_no_shop_is_told_at_its_field(access: Open, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        async with access() as api:
            await api.shops.change(MAIN, replace(KYIV, **wrong))
    assert set(refused.value.fields) == set(wrong)


async def test_a_further_shop_is_open_like_the_one_it_was_made_after(hub: Hub, access: Open) -> None:
    async with access() as api:
        made = await api.shops.create(replace(KYIV, name="Друга", address="Львів"), like=MAIN)
        assert made.hours == (await api.shop(MAIN)).hours
        assert {one.name for one in await api.list_shops()} == {"Pitline", "Друга"}
    monday = datetime.fromisoformat("2026-01-05T10:00:00+02:00")
    assert await hub.database.read(lambda connection: shop_is_open(connection, made.id, monday))


async def test_whoever_saw_an_older_shop_does_not_overwrite_it(access: Open) -> None:
    async with access() as api:
        seen = (await api.shop(MAIN)).rev
        await api.shops.change(MAIN, replace(KYIV, name="First"), seen)
    with pytest.raises(Conflict):
        async with access() as api:
            await api.shops.change(MAIN, replace(KYIV, name="Second"), seen)
    with pytest.raises(Conflict):
        async with access() as api:
            await api.shops.set_hours(MAIN, {}, (), seen)
