"""The desk's line of what was promised for today."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.tasks.api import TaskEntry, TasksApi
from tests.factories.calls import ended
from tests.factories.crm import make_car, make_client
from tests.factories.site import Client, get_text, site_of
from tests.factories.tasks import happen, open_hours, tasks_of

IRYNA, OTHER = "+380501234567", "+380671112233"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    await open_hours(hub)
    client = await site_of(hub)
    yield client
    await client.close()


async def promise(hub: Hub, clock: FrozenClock, hours: float, title: str = "", **about: str) -> str:
    """What wrap-up does when somebody promised to ring back."""
    async with tasks_of(hub) as tasks:
        entry = TaskEntry(
            shop_id=FIRST_SHOP, kind="callback" if about else "todo", title=title,
            due_at=clock.now() + timedelta(hours=hours), **about,
        )  # fmt: skip
        return (await tasks.remind(entry) if about else await tasks.doing.create(entry, None)).id


async def strip(site: Client) -> str:
    status, text = await get_text(site, "/tasks/strip")
    assert status == 200
    return text


async def test_the_desk_asks_for_the_line_and_shows_nothing_while_nothing_was_promised(site: Client) -> None:
    _, desk = await get_text(site, "/desk")
    assert 'data-from="/tasks/strip"' in desk
    assert 'data-from="/presence/strip"' in desk
    assert "<li" not in await strip(site)


async def test_a_call_that_was_promised_stands_there_with_hour_name_and_car(
    hub: Hub, site: Client, frozen_clock: FrozenClock
) -> None:
    client = await make_client(hub, "Ірина Коваль", IRYNA)
    await make_car(hub, plate="AA1234BB", model="Octavia", client_id=client.id)
    task = await promise(hub, frozen_clock, 1, client_id=client.id, number=IRYNA)
    text = await strip(site)
    assert f"/tasks#task-{task}" in text
    assert "Ірина Коваль" in text
    assert "Octavia" in text
    assert "is-late" not in text
    frozen_clock.advance(2 * 3600)
    assert "is-late" in await strip(site)


async def test_a_missed_call_was_not_promised_and_tomorrow_is_not_today(
    hub: Hub, site: Client, frozen_clock: FrozenClock
) -> None:
    await happen(hub, ended("1", 0, "missed", from_number=OTHER))
    await promise(hub, frozen_clock, 30, "Order the clutch")
    assert "<li" not in await strip(site)


async def test_four_are_shown_and_the_rest_is_counted(
    hub: Hub, site: Client, frozen_clock: FrozenClock
) -> None:
    for number in range(6):
        await promise(hub, frozen_clock, 1 + number / 10, f"Errand {number}")
    text = await strip(site)
    assert [f"Errand {number}" in text for number in range(6)] == [True] * 4 + [False] * 2
    assert "2" in text.rsplit('<a href="/tasks">', 1)[1]


async def test_the_day_is_that_of_the_askers_own_shop(hub: Hub, frozen_clock: FrozenClock) -> None:
    """At 20:30 in Lisbon it is 22:30 in Kyiv: what is due in two hours is today there, tomorrow here."""
    deps = hub.installation.deps
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(
            name="Lisboa", country="PT", timezone="Europe/Lisbon", currency="EUR", language="en"
        )
        lisbon = (await AccessApi(uow, deps).shops.create(entry)).id
    frozen_clock.advance((datetime(2026, 1, 5, 20, 30, tzinfo=UTC) - frozen_clock.now()).total_seconds())
    await promise(hub, frozen_clock, 2, "Order the clutch")
    for own, shops, found in (
        (FIRST_SHOP, None, 0), (lisbon, None, 1), (lisbon, {FIRST_SHOP, lisbon}, 1),
        (lisbon, {FIRST_SHOP}, 0), (FIRST_SHOP, {lisbon}, 0),
    ):  # fmt: skip
        async with hub.transactions.reading(actor=None, shop_id=own) as uow:
            tasks = TasksApi(uow, deps)
            assert len(await tasks.promises.today(frozenset(shops) if shops else None)) == found, own
            began = await tasks.reading.today(frozenset(shops) if shops else None)
            day = {FIRST_SHOP: 22, lisbon: 0}  # hours of UTC
            shop = own if shops is None or own in shops else min(shops)
            assert began.astimezone(UTC).hour == day[shop]
