"""What one must not do alone: a second person signs for it, or, where there is none, the owner again."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from aiohttp.test_utils import TestClient

from hub.modules.access.api import FACTOR_ROLES, AccessApi, PersonView
from tests.webui.stage import PASSWORD, Shop

SAME = {"Sec-Fetch-Site": "same-origin"}


async def _with_factor(shop: Shop) -> PersonView:
    person = await shop.person("manager", "maria")
    await _set_up(shop, person)
    return person


async def _set_up(shop: Shop, person: PersonView) -> None:
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        factors = AccessApi(uow, installation.deps).factors
        await factors.prepare(person.id)
        await uow.session.flush()
        code = pyotp.TOTP((await factors.of(person.id)).seed).at(int(shop.clock.now().timestamp()))
        await factors.confirm(person.id, code, [])


async def _is_on(shop: Shop, person: PersonView) -> bool:
    installation = shop.hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return (await AccessApi(uow, installation.deps).factors.of(person.id)).is_on


async def _reset(client: TestClient[Any, Any], person: PersonView, **data: str) -> tuple[int, str]:
    answer = await client.post(
        f"/settings/people/{person.id}/factor/reset", data=data, headers=SAME, allow_redirects=False
    )
    return answer.status, await answer.text()


async def test_the_only_owner_types_the_own_password_again(shop: Shop) -> None:
    person, owner = await _with_factor(shop), await shop.signed_in("owner")
    status, page = await _reset(owner, person, kept="so far")
    assert status == 422
    assert 'name="second_password"' in page
    assert 'name="second_login"' not in page
    assert '<input type="hidden" name="kept" value="so far">' in page
    assert (await _reset(owner, person, second_password="wrong"))[0] == 422
    assert await _is_on(shop, person)
    assert (await _reset(owner, person, second_password=PASSWORD))[0] == 303
    assert not await _is_on(shop, person)
    seen = await shop.audit()
    assert ("access.reset_factor.confirm", "failed") in seen
    assert ("access.reset_factor.confirm", "done") in seen
    assert ("access.reset_factor", "done") in seen


async def test_where_there_are_two_owners_it_takes_the_other(shop: Shop) -> None:
    person, owner = await _with_factor(shop), await shop.signed_in("owner")
    await shop.person("owner", "olga")
    status, page = await _reset(owner, person)
    assert (status, 'name="second_login"' in page) == (422, True)
    for login in ("owner", "maria", "nobody"):
        assert (await _reset(owner, person, second_login=login, second_password=PASSWORD))[0] == 422
    assert await _is_on(shop, person)
    assert (await _reset(owner, person, second_login="olga", second_password=PASSWORD))[0] == 303
    assert not await _is_on(shop, person)


async def test_guesses_of_a_second_password_are_braked_like_those_at_the_door(shop: Shop) -> None:
    person, owner = await _with_factor(shop), await shop.signed_in("owner")
    answers = [(await _reset(owner, person, second_password="wrong"))[0] for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2


async def test_a_reset_signs_the_person_out_everywhere(shop: Shop) -> None:
    await shop.person("manager", "maria")
    client, owner = await shop.sign_in("maria"), await shop.signed_in("owner")
    person = next(one for one in await _people(shop) if one.login == "maria")
    await _reset(owner, person, second_password=PASSWORD)
    assert (await client.get("/settings", allow_redirects=False)).status == 303


async def _people(shop: Shop) -> list[PersonView]:
    installation = shop.hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return await AccessApi(uow, installation.deps).list_people()


async def test_a_password_that_one_gave_oneself_is_no_second_person(shop: Shop) -> None:
    """Whoever may give one-time passwords could else confirm what they do in a colleague's name."""
    person, owner = await _with_factor(shop), await shop.signed_in("owner")
    olga = await shop.person("owner", "olga")
    page = await (
        await owner.post(f"/settings/people/{olga.id}/login", data={"login": "olga"}, headers=SAME)
    ).text()
    given = re.findall(r"\b(?:[a-z2-9]{4}-){3}[a-z2-9]{4}\b", page)[0]
    status, _ = await _reset(owner, person, second_login="olga", second_password=given)
    assert status == 422
    assert await _is_on(shop, person)
    assert ("access.reset_factor.confirm", "failed") in await shop.audit()


async def test_who_must_set_a_second_factor_up_first_confirms_nothing_before(shop: Shop) -> None:
    person, olena = await _with_factor(shop), await shop.person("owner", "olena")
    await shop.person("owner", "olga")
    owner = await shop.sign_in("olena")
    await _set_up(shop, olena)
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        await AccessApi(uow, installation.deps).shops.set_option(FACTOR_ROLES, ["owner"])
    status, _ = await _reset(owner, person, second_login="olga", second_password=PASSWORD)
    assert status == 422
    assert await _is_on(shop, person)
