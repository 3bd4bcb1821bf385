"""Codes of an authenticator app: set up, asked for, never good twice, and what helps when it is lost."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.modules.access.api import new_recovery_codes
from hub.modules.access.factors import clean_code
from tests.webui.stage import PASSWORD, Shop

SAME = {"Sec-Fetch-Site": "same-origin"}
HERE = "/account/second-factor"


def _code(shop: Shop, seed: str, early: int = 0) -> str:
    return pyotp.TOTP(seed).at(int(shop.clock.now().timestamp()) + early)


async def _post(client: TestClient[Any, Any], path: str, **data: str) -> tuple[int, str]:
    answer = await client.post(path, data=data, headers=SAME, allow_redirects=False)
    return answer.status, await answer.text()


async def _enrolled(shop: Shop, client: TestClient[Any, Any]) -> tuple[str, list[str]]:
    """The app's secret and the recovery codes."""
    assert (await _post(client, f"{HERE}/begin", password=PASSWORD))[0] == 303
    page = await (await client.get(HERE)).text()
    seed = re.sub(r"\s", "", re.findall(r'shell-key">([A-Z2-7 ]+)<', page)[0])
    status, page = await _post(client, f"{HERE}/confirm", code=_code(shop, seed))
    assert status == 200
    shop.clock.advance(60)
    return seed, re.findall(r"\d-\w{5}-\w{5}", page)


async def _sign_in(client: TestClient[Any, Any], **more: str) -> tuple[int, str]:
    answer = await client.post(
        "/login", data={"login": "owner", "password": PASSWORD, **more}, allow_redirects=False
    )
    return answer.status, await answer.text()


async def test_with_it_on_the_password_alone_opens_nothing(shop: Shop) -> None:
    seed, _ = await _enrolled(shop, await shop.signed_in("owner"))
    client = shop.browser()
    status, page = await _sign_in(client)
    assert status == 401
    assert 'name="code"' in page
    assert (await client.get("/settings", allow_redirects=False)).status == 303
    assert (await _sign_in(client, code="000000"))[0] == 401
    assert (await _sign_in(client, code=_code(shop, seed)))[0] == 303
    assert (await client.get("/settings", allow_redirects=False)).status == 200


async def test_the_code_may_follow_in_a_second_step_for_some_minutes(shop: Shop) -> None:
    seed, _ = await _enrolled(shop, await shop.signed_in("owner"))
    client, late = shop.browser(), shop.browser()
    await _sign_in(client)
    assert (await _post(client, "/login", code=_code(shop, seed)))[0] == 303
    await _sign_in(late)
    shop.clock.advance(6 * 60)
    assert (await _post(late, "/login", code=_code(shop, seed)))[0] == 401
    assert (await _post(shop.browser(), "/login", code=_code(shop, seed)))[0] == 401


async def test_a_code_is_good_once_and_an_older_one_not_after_it(shop: Shop) -> None:
    seed, _ = await _enrolled(shop, await shop.signed_in("owner"))
    code, before = _code(shop, seed), _code(shop, seed, -30)
    assert (await _sign_in(shop.browser(), code=code))[0] == 303
    assert (await _sign_in(shop.browser(), code=code))[0] == 401
    assert (await _sign_in(shop.browser(), code=before))[0] == 401
    shop.clock.advance(30)
    assert (await _sign_in(shop.browser(), code=_code(shop, seed)))[0] == 303


async def test_a_recovery_code_is_good_once(shop: Shop) -> None:
    _, codes = await _enrolled(shop, await shop.signed_in("owner"))
    assert len(set(codes)) == 10
    assert (await _sign_in(shop.browser(), code=f" {codes[3].upper()} "))[0] == 303
    assert (await _sign_in(shop.browser(), code=codes[3]))[0] == 401
    assert (await _sign_in(shop.browser(), code=codes[4].replace("-", " ")))[0] == 303
    assert (await shop.audit()).count(("access.recovery_code", "done")) == 2


async def test_recovery_codes_are_stored_as_slow_salted_hashes_and_are_guessed_by_nobody(
    shop: Shop, hub: Hub
) -> None:
    seed, codes = await _enrolled(shop, await shop.signed_in("owner"))

    def stored(connection: Connection) -> list[str]:
        return list(connection.execute(text("SELECT code_hash FROM access_recovery_codes")).scalars())

    hashes = await hub.database.read(stored)
    assert len(set(hashes)) == 10
    assert all(one.startswith("$argon2id$") for one in hashes)
    assert not [code for code in codes if any(clean_code(code) in one for one in hashes)]
    many = {code[2:] for _ in range(300) for code in new_recovery_codes()}
    assert len(many) == 3_000
    letters = {sign for code in many for sign in code if sign != "-"}
    assert len(letters) ** 10 > 2**49
    assert len(seed) * 5 == 160


@pytest.mark.parametrize(("seconds", "status"), [(-6, 401), (-5, 303), (0, 303), (34, 303), (35, 401)])
@pytest.mark.one_on_postgres
async def test_a_code_of_the_app_is_good_for_its_30_seconds_and_5_on_either_side(
    shop: Shop, seconds: int, status: int
) -> None:
    seed, _ = await _enrolled(shop, await shop.signed_in("owner"))
    shop.clock.advance(300 - shop.clock.now().timestamp() % 30)  # a step begins
    code = _code(shop, seed)
    shop.clock.advance(seconds)
    assert (await _sign_in(shop.browser(), code=code))[0] == status


async def test_whoever_sets_it_up_with_a_clock_that_differs_is_told_so(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    await _post(client, f"{HERE}/begin", password=PASSWORD)
    seed = re.sub(
        r"\s", "", re.findall(r'shell-key">([A-Z2-7 ]+)<', await (await client.get(HERE)).text())[0]
    )
    status, page = await _post(client, f"{HERE}/confirm", code=_code(shop, seed, 240))
    assert status == 422
    assert "Годинники вашого телефона й комп’ютера" in page


@pytest.mark.fault("F99")
async def test_codes_are_guessed_five_times_in_five_minutes_and_twenty_in_an_hour(shop: Shop) -> None:
    seed, _ = await _enrolled(shop, await shop.signed_in("owner"))
    client = shop.browser()
    looked_at = []
    for _ in range(14):
        statuses = [(await _sign_in(client, code=f"{n:06}"))[0] for n in range(7)]
        looked_at.append(statuses.count(401))
        shop.clock.advance(5 * 60 + 1)
    assert looked_at[:4] == [5, 5, 5, 5]
    assert sum(looked_at[:11]) == 20
    assert ("access.locked_out", "refused") in await shop.audit()
    assert (await _sign_in(client, code=_code(shop, seed)))[0] in (303, 429)


async def test_a_stranger_who_knows_the_password_cannot_lock_the_own_browser_out(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    seed, _ = await _enrolled(shop, client)
    for n in range(7):
        await _sign_in(shop.browser(), code=f"{n:06}")
    assert (await _sign_in(client, code=_code(shop, seed)))[0] == 303


async def test_set_up_asks_for_the_password_and_the_first_code(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    assert (await _post(client, f"{HERE}/begin", password="wrong"))[0] == 422
    assert (await client.get(f"{HERE}/picture.svg")).status == 409
    await _post(client, f"{HERE}/begin", password=PASSWORD)
    picture = await client.get(f"{HERE}/picture.svg")
    assert picture.content_type == "image/svg+xml"
    assert b"<svg" in await picture.read()
    assert (await _post(client, f"{HERE}/confirm", code="000000"))[0] == 422
    assert (await _sign_in(shop.browser()))[0] == 303


async def test_once_confirmed_the_secret_is_shown_to_nobody(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    seed, codes = await _enrolled(shop, client)
    assert (await client.get(f"{HERE}/picture.svg")).status == 409
    page = await (await client.get(HERE)).text()
    assert seed[:4] not in page
    assert codes[0] not in page


async def test_it_is_switched_off_with_the_password_and_other_browsers_are_out(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    seed, codes = await _enrolled(shop, client)
    other = shop.browser()
    await _sign_in(other, code=_code(shop, seed))
    assert (await _post(client, f"{HERE}/off", password="wrong"))[0] == 422
    assert (await _post(client, f"{HERE}/off", password=PASSWORD))[0] == 303
    assert (await other.get("/settings", allow_redirects=False)).status == 303
    assert (await _sign_in(shop.browser()))[0] == 303
    assert {("access.factor_on", "done"), ("access.factor_off", "done")} <= set(await shop.audit())
    assert codes


async def test_new_recovery_codes_void_the_old_ones(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    _, old = await _enrolled(shop, client)
    status, page = await _post(client, f"{HERE}/codes", password=PASSWORD)
    assert status == 200
    new = re.findall(r"\d-\w{5}-\w{5}", page)
    assert not set(new) & set(old)
    assert (await _sign_in(shop.browser(), code=old[0]))[0] == 401
    assert (await _sign_in(shop.browser(), code=new[0]))[0] == 303


async def test_a_role_that_needs_it_opens_nothing_before_it_is_set_up(shop: Shop) -> None:
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    assert (await manager.get("/settings", allow_redirects=False)).status == 200
    await owner.post("/settings/roles/second-factor", data={"role": "manager"}, headers=SAME)
    answer = await manager.get("/settings", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, HERE)
    program = await manager.get("/api/v1/employees")
    assert program.status == 403
    assert (await program.json())["error"]["code"] == "access.factor_first"
    await _enrolled(shop, manager)
    assert (await manager.get("/settings", allow_redirects=False)).status == 200


async def test_a_program_is_told_that_the_code_is_missing(shop: Shop) -> None:
    await _enrolled(shop, await shop.signed_in("owner"))
    answer = await shop.browser().post(
        "/login", data={"login": "owner", "password": PASSWORD}, headers={"Accept": "application/json"}
    )
    assert answer.status == 401
    assert (await answer.json())["error"]["code"] == "access.code_needed"
