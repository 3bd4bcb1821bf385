"""Guessing passwords, and asking too often."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.clock import FrozenClock
from hub.errors import TooMany
from hub.kernel.processes.limits import MemoryLimiter
from hub.kernel.web import Viewer
from hub.settings import ApiSettings
from hub.values import ShopId
from tests.webui.stage import PASSWORD, Shop
from webui.brakes import Brakes, Limit, Limits


async def _try(client: TestClient[Any, Any], login: str, password: str) -> int:
    answer = await client.post("/login", data={"login": login, "password": password}, allow_redirects=False)
    return answer.status


async def test_after_five_wrong_passwords_even_the_right_one_waits_half_an_hour(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    assert [await _try(client, "owner", "wrong") for _ in range(5)] == [401] * 5
    refused = await client.post("/login", data={"login": "owner", "password": PASSWORD})
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) == 30 * 60
    shop.clock.advance(30 * 60 + 1)
    assert await _try(client, "owner", PASSWORD) == 303


async def test_an_unknown_account_is_braked_like_a_known_one(shop: Shop) -> None:
    client = shop.browser()
    assert [await _try(client, "nobody", "wrong") for _ in range(6)] == [401] * 5 + [429]


async def test_guesses_at_the_same_moment_do_not_outrun_the_brake(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    answers = await asyncio.gather(*(_try(client, "owner", f"guess {n}") for n in range(20)))
    assert sorted(answers) == [401] * 5 + [429] * 15


async def test_an_address_that_sprays_accounts_is_braked(shop: Shop) -> None:
    client = shop.browser()
    answers = [await _try(client, f"user{n}", "Password1") for n in range(12)]
    assert answers == [401] * 10 + [429] * 2
    shop.clock.advance(5 * 60 + 1)
    assert await _try(client, "user99", "Password1") == 401


async def test_strangers_cannot_lock_a_person_out_of_his_own_browser(shop: Shop) -> None:
    await shop.person("owner")
    known = await shop.sign_in("owner")
    stranger = shop.browser()
    for _ in range(12):
        await _try(stranger, "owner", "wrong")
    assert await _try(stranger, "owner", PASSWORD) == 429
    assert await _try(known, "owner", PASSWORD) == 303


async def test_a_known_browser_may_not_guess_without_end_either(shop: Shop) -> None:
    await shop.person("owner")
    known = await shop.sign_in("owner")
    answers = [await _try(known, "owner", "wrong") for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2


async def test_another_persons_device_is_no_way_around_the_brake(shop: Shop) -> None:
    await shop.person("owner")
    mechanic = await shop.signed_in("mechanic")
    answers = [await _try(mechanic, "owner", "wrong") for _ in range(6)]
    assert answers == [401] * 5 + [429]


async def test_a_forged_forwarded_address_changes_nothing(shop: Shop) -> None:
    client = shop.browser()
    statuses = []
    for n in range(12):
        answer = await client.post(
            "/login",
            data={"login": f"user{n}", "password": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        )
        statuses.append(answer.status)
    assert statuses[-2:] == [429, 429]


async def test_tries_are_in_the_audit_log_without_the_password(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    await _try(client, "owner", "wrong")
    shop.clock.advance(1)
    await _try(client, "owner", PASSWORD)
    assert (await shop.audit())[:2] == [("access.sign_in", "done"), ("access.sign_in", "failed")]


async def test_a_bucket_gives_its_burst_then_refills_with_time() -> None:
    clock = FrozenClock(datetime(2026, 1, 5, tzinfo=UTC))
    brakes, limit = Brakes(MemoryLimiter(clock)), Limit("x", 2.0, 3)
    left = [(await brakes.take("a", limit))["RateLimit"] for _ in range(3)]
    assert left == ['"x";r=2;t=1', '"x";r=1;t=1', '"x";r=0;t=2']
    with pytest.raises(TooMany) as refused:
        await brakes.take("a", limit)
    assert refused.value.retry_after == pytest.approx(0.5)
    await brakes.take("b", limit)
    clock.advance(0.5)
    await brakes.take("a", limit)
    with pytest.raises(TooMany):
        await brakes.take("a", limit)


async def test_buckets_do_not_grow_without_end() -> None:
    brakes = Brakes(MemoryLimiter(FrozenClock(datetime(2026, 1, 5, tzinfo=UTC)), keep=10))
    limit = Limit("x", 0.001, 1)
    for n in range(50):
        await brakes.take(str(n), limit)
    await brakes.take("0", limit)
    with pytest.raises(TooMany):
        await brakes.take("49", limit)


class TestSmallLimits:
    """With limits that are met at once."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(
            token=Limit("token", 1.0, 2), person=Limit("person", 1.0, 50), stranger=Limit("s", 1.0, 3)
        )

    async def test_who_asks_too_often_gets_429_with_the_time_to_wait(self, shop: Shop) -> None:
        headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
        client = shop.browser()
        answers = [await client.get("/api/v1/employees", headers=headers) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[0].headers["RateLimit"] == '"token";r=1;t=1'
        assert answers[0].headers["RateLimit-Policy"] == '"token";q=2;w=2'
        assert answers[2].headers["Retry-After"] == "1"
        assert (await answers[2].json())["error"]["code"] == "request.too_many"

    async def test_bad_tokens_are_braked_as_strangers(self, shop: Shop) -> None:
        client = shop.browser()
        answers = [
            await client.get("/api/v1/employees", headers={"Authorization": f"Bearer x{n}"}) for n in range(5)
        ]
        assert [answer.status for answer in answers] == [401, 401, 401, 429, 429]

    async def test_a_token_may_have_a_limit_of_its_own(self, shop: Shop) -> None:
        wide = {"Authorization": f"Bearer {await shop.token('owner', per_minute=4)}"}
        client = shop.browser()
        answers = [await client.get("/api/v1/employees", headers=wide) for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"token";q=4;w=60'
        assert answers[4].headers["Retry-After"] == "15"


def test_a_providers_callback_is_never_told_to_slow_down() -> None:
    limits = Limits.of(ApiSettings(address_rate=0.5, address_burst=7))
    stranger = Viewer(
        kind="nobody", id="", name="", role="", rights={}, shop_id=ShopId("s"), shop_ids=frozenset(),
        language="uk",
    )  # fmt: skip
    assert limits.for_viewer(stranger, "hook") is None
    assert limits.for_viewer(stranger, "page") == Limit("address", 0.5, 7)
