"""The pages and the API of automatic messages: a real hub and web admin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.errors import Invalid, NotFound
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.autotexts.stage import MOBILE, Stage

PAGE = "/settings/auto-messages"
API = "/api/v1/auto-messages"


@pytest.fixture
async def site(stage: Stage) -> AsyncIterator[Client]:
    client = await site_of(stage.house.hub)
    yield client
    await client.close()


async def test_a_ready_rule_is_switched_on_by_one_click_and_off_by_another(
    stage: Stage, site: Client
) -> None:
    status, text = await get_text(site, PAGE)
    assert (status, "Повідомлення тим, хто не додзвонився" in text) == (200, True)
    status, where, _ = await send_form(site, PAGE, {"recipe": "text_back", "is_on": "1"})
    assert (status, where) == (303, PAGE)
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert [one.address for one in stage.sent] == [MOBILE]
    _, found = await get_json(site, API)
    rule = next(one for one in found["items"] if one["recipe"] == "text_back")
    await send_form(site, PAGE, {"id": rule["id"], "is_on": ""})
    _, found = await get_json(site, f"{API}/{rule['id']}")
    assert found["is_on"] is False


async def test_a_rule_of_ones_own_is_written_in_the_form(stage: Stage, site: Client) -> None:
    form = {
        "title": "Після розмови", "trigger": "call.answered", "purpose": "service",
        "text_uk": "{shop}: {car}",
        "delay_seconds": "0", "stale_minutes": "60", "pause_hours": "24", "fallback_seconds": "0",
        "is_on": "1", "channels": "telegram, sms",
    }  # fmt: skip
    status, where, _ = await send_form(site, f"{PAGE}/new", form)
    assert (status, where.startswith(f"{PAGE}/")) == (303, True)
    status, text = await get_text(site, where)
    assert (status, "{shop}: {car}" in text) == (200, True)
    status, _, text = await send_form(site, where, {**form, "text_uk": "{wheel}", "rev": "1"})
    assert (status, "{wheel}" in text) == (422, True)
    status, _, _ = await send_form(site, where, {**form, "delay_seconds": "soon"})
    assert status == 422


async def test_the_log_and_the_dry_run_say_why_not(stage: Stage, site: Client) -> None:
    await stage.switch_on(texts={"uk": "{name}, передзвонимо"})
    await stage.rings()
    await stage.pass_time(minutes=1)
    status, text = await get_text(site, f"{PAGE}/log")
    assert (status, "Щось у тексті невідоме: name" in text) == (200, True)
    status, text = await get_text(site, f"{PAGE}/ready-text_back/dry-run")
    assert (status, "Пішло б" in text) == (200, True)
    _, found = await get_json(site, f"{API}/runs")
    assert [(one["state"], one["reason"], one["number"]) for one in found["items"]] == [
        ("skipped", "not_filled", MOBILE)
    ]


async def test_a_rule_goes_by_the_api_and_names_what_is_wrong(stage: Stage, site: Client) -> None:
    body = {"trigger": "call.missed", "title": "Own", "texts": {"uk": "{shop}"}, "is_on": True}
    status, made = await send_json(site, "POST", API, body)
    assert status == 201
    status, _ = await send_json(site, "PUT", f"{API}/{made['id']}", {**body, "rev": made["rev"] + 5})
    assert status == 409
    status, changed = await send_json(
        site, "PUT", f"{API}/{made['id']}", {**body, "title": "Other", "rev": made["rev"]}
    )
    assert (status, changed["title"]) == (200, "Other")
    status, fault = await send_json(site, "POST", API, {**body, "trigger": "no.such"})
    assert (status, list(fault["error"]["fields"])) == (422, ["trigger"])
    await stage.rings()
    _, found = await get_json(site, f"{API}/{made['id']}/dry-run")
    assert [(one["number"], one["reason"], one["text"]) for one in found["items"]] == [
        (MOBILE, "", "Pitline")
    ]


async def test_what_is_not_there_is_not_found(site: Client) -> None:
    for path in (f"{PAGE}/nosuch", f"{PAGE}/ready-nosuch", f"{PAGE}/a%00b"):
        assert (await get_text(site, path))[0] == 404
    assert (await get_json(site, f"{API}/nosuch"))[0] == 404


async def test_a_rule_of_another_shop_is_not_there_for_whoever_reaches_their_own(stage: Stage) -> None:
    entry = ShopEntry(name="Lviv", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
    async with stage.uow() as uow:
        lviv = (await AccessApi(uow, stage.house.hub.installation.deps).shops.create(entry)).id
    theirs = await stage.switch_on(shop_id=lviv)
    everybodys = await stage.switch_on("closed_letter")
    mine = frozenset({FIRST_SHOP})
    async with stage.api() as api:
        assert [one.id for one in await api.rules.all(mine) if one.id] == [everybodys.id]
        for doing in (
            api.rules.one(theirs.id, mine), api.rules.switch(theirs.id, False, mine),
            api.rules.remove(theirs.id, mine), api.rules.save(theirs.entry, theirs.id, None, mine),
        ):  # fmt: skip
            with pytest.raises((NotFound, Invalid)):
                await doing
        with pytest.raises(Invalid):
            await api.rules.save(theirs.entry, shops=mine)
    async with stage.api() as api:
        assert (await api.rules.one(theirs.id, frozenset({lviv}))).entry.is_on
