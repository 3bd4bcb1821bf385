"""A request that is sent again has its effect once (F74)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import func, select

from hub.kernel.idempotency import idempotency_keys
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import ClientFilter, CrmApi
from tests.webui.stage import Shop

CLIENTS = "/api/v1/clients"
BODY = {"name": "Олена", "phones": [{"number": "050 123 45 67"}]}


class Program:
    """A program with a token."""

    def __init__(self, shop: Shop, token: str) -> None:
        self.http = shop.browser()
        self.headers = {"Authorization": f"Bearer {token}"}

    async def post(self, key: str, body: Any = BODY, path: str = CLIENTS) -> ClientResponse:
        headers = {**self.headers, "Idempotency-Key": key}
        answer: ClientResponse = await self.http.post(path, json=body, headers=headers)
        await answer.read()
        return answer


@pytest.fixture
async def program(shop: Shop) -> Program:
    return Program(shop, await shop.token("owner"))


async def clients(shop: Shop) -> int:
    installation = shop.hub.installation
    async with shop.hub.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return len(
            (await CrmApi(uow, installation.deps).clients(ClientFilter(), cursor=None, limit=200)).items
        )


async def keys(shop: Shop) -> int:
    async with shop.hub.transactions.reading(actor=None, shop_id=shop.hub.installation.default_shop) as uow:
        return await uow.session.scalar(select(func.count()).select_from(idempotency_keys)) or 0


@pytest.mark.fault("F74")
async def test_the_same_key_and_body_is_done_once_and_answered_alike_to_the_byte(
    shop: Shop, program: Program
) -> None:
    first = await program.post("a")
    again = [await program.post("a") for _ in range(3)]
    assert first.status == 201
    assert {(one.status, await one.read(), one.headers["ETag"]) for one in (first, *again)} == {
        (201, await first.read(), '"1"')
    }
    assert [one.headers.get("Idempotent-Replayed") for one in (first, *again)] == [None, *["true"] * 3]
    assert await clients(shop) == 1


async def test_an_answer_that_holds_a_secret_is_not_kept_in_the_clear(shop: Shop, program: Program) -> None:
    first = await program.post("w", {"url": "https://93.184.216.34/hook"}, "/api/v1/webhooks")
    secret = (await first.json())["secret"]
    async with shop.hub.transactions.reading(actor=None, shop_id=shop.hub.installation.default_shop) as uow:
        kept = await uow.session.scalar(select(idempotency_keys.c.body))
    assert bytes(kept).startswith(b"sealed:1:")
    assert secret.encode() not in bytes(kept)
    again = await program.post("w", {"url": "https://93.184.216.34/hook"}, "/api/v1/webhooks")
    assert (await again.json())["secret"] == secret


async def test_a_replay_is_no_deed_in_the_audit_log(shop: Shop, program: Program) -> None:
    for _ in range(3):
        await program.post("a")
    assert (await shop.audit()).count(("crm.create_client", "done")) == 1


@pytest.mark.fault("F74")
async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(
    shop: Shop, program: Program
) -> None:
    await program.post("a")
    other = await program.post("a", {"name": "Ірина"})
    assert other.status == 422
    assert (await other.json())["error"]["code"] == "idempotency.other_request"
    assert await clients(shop) == 1


@pytest.mark.fault("F74")
async def test_twenty_at_the_same_moment_have_one_effect_and_one_answer(shop: Shop, program: Program) -> None:
    answers = await asyncio.gather(*(program.post("race") for _ in range(20)))
    assert {(one.status, await one.read()) for one in answers} == {(201, await answers[0].read())}
    assert [one.headers.get("Idempotent-Replayed") for one in answers].count(None) == 1
    assert await clients(shop) == 1


async def test_a_request_that_failed_leaves_its_key_free(shop: Shop, program: Program) -> None:
    wrong = await program.post("a", {"name": "", "phones": []})
    assert wrong.status == 422
    assert await keys(shop) == 0
    assert (await program.post("a")).status == 201


async def test_a_key_belongs_to_one_token_and_one_operation(shop: Shop, program: Program) -> None:
    other = Program(shop, await shop.token("manager"))
    assert (await program.post("a")).status == 201
    assert (await other.post("a")).headers.get("Idempotent-Replayed") is None
    vehicle = await program.post("a", {"plate": "AA1234BB"}, "/api/v1/vehicles")
    assert vehicle.status == 201
    assert await clients(shop) == 2


@pytest.mark.parametrize("key", ["", " ", "ключ", "x" * 256, "a b", '"'])
@pytest.mark.one_on_postgres
async def test_a_key_that_cannot_be_one_is_refused(shop: Shop, program: Program, key: str) -> None:
    answer = await program.post(key)
    assert answer.status == 422
    assert (await answer.json())["error"]["code"] == "idempotency.bad_key"
    assert await clients(shop) == 0


async def test_a_key_may_stand_in_quotes_as_the_draft_has_it(shop: Shop, program: Program) -> None:
    await program.post('"a"')
    assert (await program.post("a")).headers["Idempotent-Replayed"] == "true"


async def test_answers_are_kept_for_thirty_days_and_then_forgotten(shop: Shop, program: Program) -> None:
    await program.post("old")
    shop.clock.advance(20 * 86400)
    await program.post("young", {"name": "Ірина"})
    shop.clock.advance(10 * 86400 + 1)
    installation = shop.hub.installation
    async with shop.hub.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        await AccessApi(uow, installation.deps).forget_old_answers()
    assert (await program.post("young", {"name": "Ірина"})).headers["Idempotent-Replayed"] == "true"
    assert (await program.post("old", {"name": "Ганна"})).status == 201
