"""Shops and opening hours as an owner sets them: saved, told at the field, never lost."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.kernel.processes.live import LiveHub
from hub.modules.access.api import AccessApi, prepare
from tests.webui.fake_pbx import FakePbx
from tests.webui.stage import PASSWORD, WIDE, Shop
from webui.app import make_app
from webui.following import Following

SAME = {"Sec-Fetch-Site": "same-origin"}
SHOP = {
    "name": "СТО", "address": "Київ", "country": "UA", "timezone": "Europe/Kyiv", "currency": "UAH",
    "language": "uk",
}  # fmt: skip
HOURS = {
    "day0_opens": "8:30", "day0_pause": "12", "day0_resume": "13:00", "day0_closes": "24:00",
    "holiday_day": "2026-12-31", "holiday_title": "Новий рік", "holiday_opens": "", "holiday_closes": "",
}  # fmt: skip


@pytest.fixture
async def owner(shop: Shop) -> TestClient[Any, Any]:
    client = await shop.signed_in("owner")
    await client.post("/account/language", data={"language": "en"}, headers=SAME)
    return client


async def send(client: TestClient[Any, Any], path: str, data: dict[str, str]) -> tuple[int, str]:
    answer = await client.post(path, data=data, headers=SAME, allow_redirects=False)
    return answer.status, await answer.text()


async def text_of(client: TestClient[Any, Any], path: str) -> str:
    return await (await client.get(path)).text()


async def test_a_shop_is_changed_and_seen_at_once(owner: TestClient[Any, Any], shop: Shop) -> None:
    assert (await send(owner, "/settings/shops/main", SHOP))[0] == 303
    assert "СТО" in await text_of(owner, "/settings/shops")
    assert ("access.change_shop", "done") in await shop.audit()


async def test_what_was_typed_stays_when_something_of_it_is_wrong(owner: TestClient[Any, Any]) -> None:
    status, text = await send(owner, "/settings/shops/main", {**SHOP, "name": "Kept <b>", "timezone": "Mars"})
    assert status == 422
    assert 'value="Kept &lt;b&gt;"' in text
    assert 'value="Mars"' in text
    assert "There is no such time zone." in text
    assert "Kept" not in await text_of(owner, "/settings/shops")


async def test_a_form_that_is_older_than_the_shop_is_not_taken(owner: TestClient[Any, Any]) -> None:
    seen = re.search(r'name="rev" value="(\d+)"', await text_of(owner, "/settings/shops/main"))
    assert seen is not None
    assert (await send(owner, "/settings/shops/main", {**SHOP, "rev": seen[1]}))[0] == 303
    status, text = await send(owner, "/settings/shops/main", {**SHOP, "name": "Late", "rev": seen[1]})
    assert status == 422
    assert "Somebody else has changed this meanwhile." in text
    assert 'value="Late"' in text


async def test_a_second_shop_is_added_and_its_hours_are_its_own(owner: TestClient[Any, Any]) -> None:
    answer = await owner.post(
        "/settings/shops/new", data={**SHOP, "name": "Lviv"}, headers=SAME, allow_redirects=False
    )
    place = answer.headers["Location"]
    assert place.startswith("/settings/hours/")
    assert (await send(owner, place, {"day6_opens": "10", "day6_closes": "11"}))[0] == 303
    assert 'name="day6_opens" value="10:00"' in await text_of(owner, place)
    assert 'name="day6_opens" value=""' in await text_of(owner, "/settings/hours/main")


async def test_hours_with_a_break_and_a_holiday_are_saved(owner: TestClient[Any, Any]) -> None:
    assert (await send(owner, "/settings/hours/main", HOURS))[0] == 303
    text = await text_of(owner, "/settings/hours")
    for shown in ("08:30", "12:00", "13:00", "24:00", "2026-12-31", "Новий рік"):
        assert f'value="{shown}"' in text
    assert "Open now" in text  # the clock stands on Monday, 09:02
    assert "until 12:00" in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day0_pause": "14:00"}, "The times of a day must follow one another."),
        ({"holiday_opens": "10", "holiday_closes": "9"}, "Opening must come before closing."),
        ({"day0_opens": "25:00"}, "Write times like 09:00 and 18:30."),
        ({"day0_closes": ""}, "Write when it opens and when it closes, or leave the day empty."),
        ({"day0_resume": ""}, "Write when the break begins and when it ends."),
        ({"holiday_day": "soon"}, "Write days like 2026-12-31."),
        ({"holiday_opens": "9"}, "Write both times, or none: then it is closed."),
    ],
)
@pytest.mark.one_on_postgres
async def test_wrong_hours_are_told_and_come_back_as_typed(
    owner: TestClient[Any, Any], wrong: dict[str, str], said: str
) -> None:
    before = await text_of(owner, "/settings/hours")
    status, text = await send(owner, "/settings/hours/main", {**HOURS, **wrong})
    assert status == 422
    assert said in text
    for typed in {**HOURS, **wrong}.values():
        assert not typed or f'value="{typed}"' in text
    assert re.findall(r'name="day.+', await text_of(owner, "/settings/hours")) == re.findall(
        r'name="day.+', before
    )


async def test_holidays_of_the_country_are_added_by_a_tick(owner: TestClient[Any, Any]) -> None:
    offered = re.findall(r'name="suggestion" value="([\d-]+)"', await text_of(owner, "/settings/hours"))
    assert "2026-08-24" in offered
    data = {**HOURS, "suggestion": "2026-08-24"}
    assert (await send(owner, "/settings/hours/main", data))[0] == 303
    text = await text_of(owner, "/settings/hours")
    assert 'name="holiday_day" value="2026-08-24"' in text
    assert 'name="suggestion" value="2026-08-24"' not in text
    strange = await send(owner, "/settings/hours/main", {"suggestion": "<script>"})
    assert strange[0] == 303


async def test_another_shop_is_nobody_elses(shop: Shop) -> None:
    client = await shop.signed_in("manager")
    for path in ("/settings/shops/none", "/settings/hours/none"):
        assert (await client.get(path)).status == 404
    assert (await send(client, "/settings/shops/new", SHOP))[0] == 403
    assert (await send(client, "/settings/hours/main", HOURS))[0] == 403


async def test_days_of_keeping_count_at_once_and_survive_a_start(
    owner: TestClient[Any, Any], shop: Shop
) -> None:
    days = {"journal.keep_days": "7", "recordings.retention_days": "30", "relay.keep_done_days": "3"}
    assert (await send(owner, "/settings/retention", days))[0] == 303
    hub = shop.hub
    for _ in range(100):
        if hub.journal.keep_days == 7:
            break
        await asyncio.sleep(0.02)
    assert (hub.journal.keep_days, hub.relay.keep_done_days) == (7, 3)
    hub.system.keep(journal_days=1, done_days=1)
    await prepare(hub.installation)
    assert (hub.journal.keep_days, hub.relay.keep_done_days) == (7, 3)


async def test_a_change_of_another_process_is_followed_also_without_a_hint(hub: Hub) -> None:
    transactions, shop_id = hub.transactions, hub.installation.default_shop
    following = Following(replace(hub.installation, live=LiveHub()), every=0.02)
    following.start()
    async with transactions.writing(actor=None, shop_id=shop_id) as uow:
        await AccessApi(uow, hub.installation.deps).retention.choose({"journal.keep_days": 5})
    for _ in range(100):
        if hub.journal.keep_days == 5:
            break
        await asyncio.sleep(0.02)
    await following.stop()
    assert hub.journal.keep_days == 5


@pytest.mark.parametrize("wrong", ["0", "x", "", "99999", "-1", "1.5", "9" * 40])
@pytest.mark.one_on_postgres
async def test_days_that_are_none_are_told_and_change_nothing(
    owner: TestClient[Any, Any], shop: Shop, wrong: str
) -> None:
    status, text = await send(owner, "/settings/retention", {"journal.keep_days": wrong})
    assert status == 422
    assert "Write a number of days from 1 to 3650." in text
    assert f'value="{wrong}"' in text
    assert shop.hub.journal.keep_days == 30


async def test_what_file_or_environment_say_wins_and_is_shown_as_such(
    hub: Hub, shop: Shop, owner: TestClient[Any, Any]
) -> None:
    await send(owner, "/settings/retention", {"journal.keep_days": "7"})
    given = frozenset({"journal.keep_days", "ami.trunks"})
    pbx = FakePbx()
    settings = replace(hub.installation.settings, given=given)
    deps = replace(hub.installation.deps, settings=settings, telephony=pbx)
    installation = replace(hub.installation, settings=settings, deps=deps)
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(installation, WIDE))) as client:
        await client.post("/login", data={"login": "owner", "password": PASSWORD})
        text = await text_of(client, "/settings/retention")
        assert "HUB_JOURNAL__KEEP_DAYS" in text
        assert re.search(r'name="journal.keep_days"[^>]*value="30"[^>]*disabled', text)
        assert "HUB_AMI__TRUNKS" in await text_of(client, "/settings/pbx")
        assert (await send(client, "/settings/pbx/lines", {"line": "101"}))[0] == 409
        assert (await send(client, "/settings/retention", {"journal.keep_days": "9"}))[0] == 422
    assert pbx.trunks == []


async def test_a_phone_goes_from_one_person_to_another(hub: Hub, shop: Shop) -> None:
    await shop.person("owner")
    anna = await shop.person("receptionist", "anna", extensions=["101"])
    boris = await shop.person("master", "boris")
    deps = replace(hub.installation.deps, telephony=FakePbx())
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(replace(hub.installation, deps=deps), WIDE))) as client:
        await client.post("/login", data={"login": "owner", "password": PASSWORD})
        assert "kyivstar_1" not in await text_of(client, "/settings/phones")
        given = {"extension": "101", "person_id": boris.id}
        assert (await send(client, "/settings/phones", given))[0] == 303
        people = {one["id"]: one for one in (await (await client.get("/api/v1/employees")).json())["items"]}
        assert (people[anna.id]["extensions"], people[boris.id]["extensions"]) == ([], ["101"])
        assert (await send(client, "/settings/phones", {"extension": "101", "person_id": "x"}))[0] == 422
        assert (await send(client, "/settings/phones", {"extension": "<b>", "person_id": anna.id}))[0] == 422
        assert (await send(client, "/settings/phones", {"extension": "101", "person_id": ""}))[0] == 303
        people = {one["id"]: one for one in (await (await client.get("/api/v1/employees")).json())["items"]}
        assert people[boris.id]["extensions"] == []
