"""The pages and operations of mailings, as people and programs meet them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import FormData

from hub.modules.access.api import AccessApi, ShopEntry, hash_password
from hub.modules.mailings.api import Audience
from tests.factories.site import Client, get_json, send_form, send_json, site_of
from tests.kernel.waiting import until
from tests.modules.mailings.stage import TEXT, Shop, mobile
from tests.modules.messaging.wire import SMS, TELEGRAM, wrote
from tests.webui.stage import PASSWORD, open_shop
from tests.webui.stage import Shop as Site

FORM = {"title": "Tyres", "text": TEXT, "kind": "clients", "channel_1": "sms", "pace": "60"}


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Site]:
    hashed = await hash_password(PASSWORD)
    async with open_shop(shop.house.hub, shop.clock, hashed) as made:
        yield made


@pytest.fixture
async def program(shop: Shop) -> AsyncIterator[Client]:
    client = await site_of(shop.house.hub)
    yield client
    await client.close()


async def csrf(browser: Any, path: str = "/mailings") -> str:
    async with browser.get(path) as answer:
        found = re.search(r'name="csrf" value="([^"]+)"|data-csrf="([^"]+)"', await answer.text())
    assert found is not None
    return found[1] or found[2]


async def post(browser: Any, path: str, **fields: str) -> tuple[int, str, str]:
    token = await csrf(browser)
    return await send_form(browser, path, {"csrf": token, **fields})


async def counted(shop: Shop, mailing_id: str) -> None:
    async def is_counted() -> bool:
        return (await shop.view(mailing_id)).is_counted

    await until(is_counted)


async def written(shop: Shop, browser: Any, **fields: str) -> str:
    """A draft by the form; its id."""
    status, where, body = await post(browser, "/mailings/new", **{**FORM, **fields})
    assert status == 303, body
    mailing_id = where.rpartition("/")[2]
    await counted(shop, mailing_id)
    return mailing_id


async def test_a_manager_writes_it_and_the_owner_lets_it_go(shop: Shop, site: Site) -> None:
    for number in range(3):
        await shop.client(number, agrees=number > 0)
    manager, owner = await site.signed_in("manager"), await site.signed_in("owner")
    mailing_id = await written(shop, manager)
    async with manager.get(f"/mailings/{mailing_id}") as answer:
        page = await answer.text()
    assert 'data-figure="going">2<' in page
    assert 'data-reason="no_consent"' in page
    assert "Client 2, time for winter tyres" in page
    assert (await post(manager, f"/mailings/{mailing_id}/submit"))[0] == 303
    status, _, _ = await post(manager, f"/mailings/{mailing_id}/approve")
    assert status == 403
    assert (await post(owner, f"/mailings/{mailing_id}/approve"))[0] == 303
    await shop.feed(1)
    await shop.send()
    assert sorted(one.address for one in shop.wire.ledger) == [mobile(1), mobile(2)]
    actions = [action for action, _ in await site.audit()]
    assert {"mailings.create", "mailings.submit", "mailings.approve"} <= set(actions)


async def test_an_address_is_shown_as_a_number_only_where_it_is_one(shop: Shop, site: Site) -> None:
    email = replace(SMS, name="email", account="shop@example.com")
    shop.wire.carried = {"sms": SMS, "telegram": TELEGRAM, "email": email}
    await shop.client(1)
    await shop.house.tell(wrote("Hello", channel="telegram", address="671234567", phone=mobile(1)))
    await shop.client(2, numbers=(), emails=("380501234567@ukr.net",))
    await shop.client(3)
    await shop.client(4, agrees=False)
    made = await shop.counted((await shop.draft(channels=("telegram", "email", "sms"))).id)
    owner = await site.signed_in("owner")
    for path in (f"/mailings/{made.id}", f"/mailings/{made.id}/recipients"):
        async with owner.get(path) as answer:
            page = await answer.text()
        for address in ("671234567", "380501234567@ukr.net", f'href="tel:{mobile(3)}"'):
            assert address in page, (path, address)
        for wrong in ("+380 67 123 4567", "+380 50 123 4567", "None"):
            assert wrong not in page, (path, wrong)


async def test_who_is_alone_approves_with_the_own_password(shop: Shop, site: Site) -> None:
    await shop.client(1)
    owner = await site.signed_in("owner")
    mailing_id = await written(shop, owner)
    await post(owner, f"/mailings/{mailing_id}/submit")
    status, _, page = await post(owner, f"/mailings/{mailing_id}/sign")
    assert (status, "second_password" in page) == (422, True)
    assert (await shop.view(mailing_id)).state == "waiting"
    status, _, _ = await post(owner, f"/mailings/{mailing_id}/sign", second_password=PASSWORD)
    assert (status, (await shop.view(mailing_id)).state) == (303, "scheduled")


async def test_with_a_colleague_there_the_own_password_is_not_enough(shop: Shop, site: Site) -> None:
    await shop.client(1)
    owner = await site.signed_in("owner")
    await site.person("manager", "manager")
    mailing_id = await written(shop, owner)
    await post(owner, f"/mailings/{mailing_id}/submit")
    proof = {"second_login": "owner", "second_password": PASSWORD}
    assert (await post(owner, f"/mailings/{mailing_id}/sign", **proof))[0] == 422
    assert (await shop.view(mailing_id)).state == "waiting"
    proof["second_login"] = "manager"
    assert (await post(owner, f"/mailings/{mailing_id}/sign", **proof))[0] == 303
    view = await shop.view(mailing_id)
    assert (view.state, view.approved_name) == ("scheduled", "Manager")


async def test_the_second_person_is_of_the_mailings_shop(shop: Shop, site: Site) -> None:
    await shop.client(1)
    entry = ShopEntry(name="Lviv", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
    async with shop.house.uow() as uow:
        lviv = (await AccessApi(uow, shop.house.hub.installation.deps).shops.create(entry)).id
    await site.person("manager", "here")
    await site.person("manager", "lviv", shop_id=lviv)
    await site.person("owner", "boss", shop_id=lviv)
    made = await shop.counted((await shop.draft()).id)
    async with shop.api() as api:
        await api.flow.submit(made.id, None, None)
    boss = await site.sign_in("boss")
    for login, status, state in (("lviv", 422, "waiting"), ("here", 303, "scheduled")):
        proof = {"second_login": login, "second_password": PASSWORD}
        assert (await post(boss, f"/mailings/{made.id}/sign", **proof))[0] == status
        assert (await shop.view(made.id)).state == state


async def test_what_is_missing_is_said_at_its_field(shop: Shop, site: Site) -> None:
    manager = await site.signed_in("manager")
    wrong = {"title": "", "text": "{nothing}", "channel_1": "pigeon", "pace": "fast", "starts_at": "soon"}
    status, _, page = await post(manager, "/mailings/new", **{**FORM, **wrong})
    assert (status, "fault-pace" in page, "fault-starts_at" in page) == (422, True, True)
    status, _, page = await post(manager, "/mailings/new", **{**FORM, **wrong, "pace": "5", "starts_at": ""})
    assert status == 422
    assert {"fault-title", "fault-text"} <= set(re.findall(r'id="(fault-\w+)"', page))


async def test_a_file_is_uploaded_and_one_that_is_none_is_refused(shop: Shop, site: Site) -> None:
    await shop.client(1)
    manager = await site.signed_in("manager")
    status, where, _ = await post(manager, "/mailings/new", **{**FORM, "kind": "list"})
    mailing_id = where.rpartition("/")[2]
    assert status == 303

    async def upload(data: bytes) -> int:
        form = FormData()
        form.add_field("csrf", await csrf(manager))
        form.add_field("file", data, filename="list.csv")
        async with manager.post(f"/mailings/{mailing_id}/list", data=form, allow_redirects=False) as answer:
            return int(answer.status)

    assert await upload(b"%PDF-1.7 \0\0") == 422
    assert await upload(b"") == 422
    assert await upload(f"phone\n{mobile(1)}\n{mobile(2)}\n".encode()) == 303
    await counted(shop, mailing_id)
    assert (await shop.view(mailing_id)).reasons == {"nobody": 1}


async def test_the_list_as_a_file_holds_no_formula_and_is_noted(shop: Shop, site: Site) -> None:
    await shop.client(1)
    await shop.client(2, agrees=False)
    made = await shop.draft(audience=Audience(kind="list"))
    async with shop.api() as api:
        line = ("=1+1", "phone", mobile(1))
        await api.drafts.set_list(made.id, "x.csv", [line], None)
    await shop.counted(made.id)
    owner, manager = await site.signed_in("owner"), await site.signed_in("manager")
    async with manager.get(f"/mailings/{made.id}/results.csv") as answer:
        assert answer.status == 403
    async with owner.get(f"/mailings/{made.id}/results.csv") as answer:
        text = (await answer.read()).decode("utf-8-sig")
    assert '"\'=1+1"' in text
    assert ("mailings.results", "done") in await site.audit()


async def test_a_list_of_calls_names_only_those_who_agreed_to_be_called(shop: Shop, site: Site) -> None:
    await shop.client(1)
    await shop.client(2, agrees=False)
    stops = await shop.client(3)
    await shop.says(stops.id, "withdrawn", form="message")
    made = await shop.counted((await shop.draft()).id)
    owner = await site.signed_in("owner")
    async with owner.get(f"/mailings/{made.id}/calls.csv") as answer:
        text = (await answer.read()).decode("utf-8-sig")
    assert mobile(1) in text
    assert mobile(2) not in text
    assert mobile(3) not in text


async def test_receptionists_and_strangers_see_nothing_of_it(shop: Shop, site: Site) -> None:
    made = await shop.draft()
    receptionist = await site.signed_in("receptionist")
    for path in ("/mailings", f"/mailings/{made.id}", f"/mailings/{made.id}/report"):
        async with receptionist.get(path) as answer:
            assert answer.status == 403
        async with site.browser().get(path, allow_redirects=False) as answer:
            assert answer.status in (303, 401)


async def test_every_page_is_there_in_every_state(shop: Shop, site: Site) -> None:
    await shop.client(1)
    owner = await site.signed_in("owner")
    made = await shop.approved()
    await shop.feed(1)
    await shop.send()
    draft = await shop.draft(title="Other")
    paths = ["/mailings", "/mailings?state=draft", "/mailings?state=stopped", "/mailings/new"]
    for one in (made.id, draft.id):
        paths += [f"/mailings/{one}", f"/mailings/{one}/recipients", f"/mailings/{one}/report"]
    for path in [*paths, f"/mailings/{draft.id}/edit", f"/mailings/{made.id}?part=body"]:
        async with owner.get(path) as answer:
            assert answer.status == 200, path
    async with owner.get("/mailings/nowhere") as answer:
        assert answer.status == 404


async def test_a_program_drafts_reads_and_stops_and_never_approves(shop: Shop, program: Client) -> None:
    await shop.client(1)
    body = {"title": "By a program", "text": TEXT, "channels": ["sms"]}
    status, made = await send_json(program, "POST", "/api/v1/mailings", body)
    assert (status, made["state"]) == (201, "draft")
    await counted(shop, made["id"])
    _, page = await get_json(program, "/api/v1/mailings", state="draft")
    assert page["items"][0]["sums"]["waiting"] == 1
    status, refused = await send_json(program, "POST", f"/api/v1/mailings/{made['id']}/stop", None)
    assert (status, refused["error"]["code"]) == (409, "mailings.state")
    async with program.post(f"/api/v1/mailings/{made['id']}/approve") as answer:
        assert answer.status in (404, 405)
    going = await shop.approved()
    status, stopped = await send_json(program, "POST", f"/api/v1/mailings/{going.id}/stop", None)
    assert (status, stopped["state"], stopped["sums"]["stopped"]) == (200, "stopped", 1)
    status, wrong = await send_json(
        program, "POST", "/api/v1/mailings", {**body, "channels": ["pigeon"], "pace": 60}
    )
    assert (status, wrong["error"]["code"]) == (422, "mailings.invalid")


async def test_a_test_goes_to_the_own_mobile_and_counts_for_nothing(shop: Shop, site: Site) -> None:
    await shop.client(1)
    await site.person("manager", "manager", mobile="+380671112299")
    manager = await site.sign_in("manager")
    mailing_id = await written(shop, manager)
    assert (await post(manager, f"/mailings/{mailing_id}/test"))[0] == 303
    await shop.send()
    (one,) = shop.wire.ledger
    assert (one.address, "Client 1, time" in one.text) == ("+380671112299", True)
    assert (await shop.view(mailing_id)).sums.sent == 0
