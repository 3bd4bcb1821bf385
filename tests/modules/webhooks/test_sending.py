"""Sending: signed, tried again, bounded, given up, told again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.app import Hub
from hub.events.crm import ClientPhoneAdded
from hub.kernel.shops import FIRST_SHOP
from hub.modules.webhooks import outgoing
from hub.modules.webhooks.api import EndpointEntry, WebhooksApi
from hub.modules.webhooks.models import Delivery, Endpoint
from hub.settings import WebhooksSettings
from tests.modules.webhooks.receiver import (
    Received,
    Receiver,
    add_endpoint,
    attempts,
    deliveries,
    endpoint_of,
    publish,
    receiver,
    send_once,
    send_until,
)
from tests.patience import within


def facts(count: int) -> list[ClientPhoneAdded]:
    return [ClientPhoneAdded(client_id=f"client {n}", number=f"+38050{n:07}") for n in range(count)]


def fits(one: Received, secret: str) -> bool:
    """The check of Standard Webhooks, written anew."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join(
        [one.headers["webhook-id"].encode(), one.headers["webhook-timestamp"].encode(), one.body]
    )
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{wanted}" in one.headers["webhook-signature"].split(" ")


async def states(hub: Hub) -> list[str]:
    return [one.state for one in await deliveries(hub)]


async def test_every_request_is_signed_over_its_very_bytes(hub: Hub, program: Receiver) -> None:
    _, secret = await add_endpoint(hub, program.url)
    await publish(hub, *facts(3))
    await send_until(hub, lambda: len(program.seen) == 3)
    assert secret.startswith("whsec_")
    for one in program.seen:
        assert fits(one, secret)
        assert not fits(Received(one.headers, one.body + b" ", 0), secret)
        assert not fits(one, "whsec_" + base64.b64encode(b"x" * 32).decode())
        age = hub.installation.clock.now().timestamp() - int(one.headers["webhook-timestamp"])
        assert 0 <= age < 60


async def test_an_endpoint_whose_secret_cannot_be_opened_holds_up_no_other(
    hub: Hub, program: Receiver
) -> None:
    locked, _ = await add_endpoint(hub, program.url)
    await add_endpoint(hub, program.url)
    await hub.database.write(
        lambda connection: connection.execute(
            update(Endpoint.__table__)  # type: ignore[arg-type]  # a Table, as the mapper knows it
            .where(Endpoint.id == locked.id)
            .values(sealed_secret=f"sealed:1:{'0' * 16}:AAAA")
        )
    )
    await publish(hub, *facts(1))
    await send_once(hub)
    assert len(program.seen) == 1
    by_state = {one.endpoint_id: (one.state, one.last_error) for one in await deliveries(hub)}
    assert by_state[locked.id] == ("pending", "Its secret cannot be opened. Make a new one.")
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = WebhooksApi(uow, hub.installation.deps)
        made, _ = await api.endpoints.rotate(locked.id, None)
        assert made.old_secret_until is None
        await api.log.test(locked.id, FIRST_SHOP)
    await send_once(hub)
    assert len(program.seen) == 2


async def test_while_a_secret_is_changed_both_sign_and_then_the_new_one_alone(
    hub: Hub, program: Receiver
) -> None:
    endpoint, old = await add_endpoint(hub, program.url)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        _, new = await WebhooksApi(uow, hub.installation.deps).endpoints.rotate(endpoint.id, None)
    await publish(hub, *facts(1))
    await send_once(hub)
    assert fits(program.seen[0], old)
    assert fits(program.seen[0], new)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        past = hub.installation.clock.now() - timedelta(seconds=1)
        await uow.session.execute(update(Endpoint).values(old_secret_until=past))
    await publish(hub, *facts(1))
    await send_once(hub)
    assert fits(program.seen[1], new)
    assert not fits(program.seen[1], old)


async def test_what_is_not_taken_is_tried_again_until_it_is_and_every_try_is_written_down(
    hub: Hub, program: Receiver
) -> None:
    endpoint, _ = await add_endpoint(hub, program.url)
    program.answers = [(500, {}, "x" * 5000), (302, {"Location": "http://127.0.0.1/"}, ""), (200, {}, "fine")]
    await publish(hub, *facts(1))
    await send_until(hub, lambda: len(program.seen) == 3)
    tries = await attempts(hub)
    assert [(one.status, one.error, one.answer) for one in tries] == [
        (500, "It refused.", "x" * 1024),
        (302, "It sends elsewhere; redirects are not followed.", ""),
        (200, "", "fine"),
    ]
    assert all(0 <= one.ms < 1000 for one in tries)
    assert len({one.headers["webhook-id"] for one in program.seen}) == 1
    assert len({one.body for one in program.seen}) == 1
    delivery = (await deliveries(hub))[0]
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("delivered", 3, 200)
    assert (await endpoint_of(hub, endpoint.id)).failing_since is None


async def test_who_asks_to_wait_is_left_alone_for_as_long(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    program.answers = [(429, {"Retry-After": "1"}, "")]
    await publish(hub, *facts(2))
    await send_until(hub, lambda: len(program.seen) >= 3)
    asked = next(n for n, one in enumerate(program.seen) if n > 1)
    assert program.seen[asked].at - program.seen[0].at >= 0.95


async def test_an_endpoint_that_never_answers_slows_no_other(hub: Hub, program: Receiver) -> None:
    async with receiver() as dead:
        dead.pause = 30.0
        await add_endpoint(hub, dead.url)
        await add_endpoint(hub, program.url)
        await publish(hub, *facts(40))
        await send_until(hub, lambda: len(program.seen) == 40, seconds=5.0)
        assert dead.most <= WebhooksSettings().at_once
    assert len({one.headers["webhook-id"] for one in program.seen}) == 40


async def test_no_more_than_a_few_requests_run_at_once_to_one_endpoint(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    program.pause = 0.02
    await publish(hub, *facts(30))
    await send_until(hub, lambda: len(program.seen) == 30)
    assert program.most == WebhooksSettings().at_once
    await asyncio.sleep(0)
    assert set(await states(hub)) <= {"delivered", "pending"}


async def test_an_endpoint_that_is_down_is_knocked_at_by_one_delivery_at_a_time(
    hub: Hub, program: Receiver
) -> None:
    await add_endpoint(hub, program.url)
    program.always = (503, {}, "")
    await publish(hub, *facts(30))
    await send_until(hub, lambda: len(program.seen) >= 8)
    assert len(program.seen) < 20
    program.always = (204, {}, "")
    await send_until(hub, lambda: len({one.headers["webhook-id"] for one in program.seen[-40:]}) == 30)


async def test_a_sender_that_dies_before_it_writes_the_result_is_followed_by_another_try_of_the_same_message(
    hub: Hub, program: Receiver
) -> None:
    await add_endpoint(hub, program.url)
    await publish(hub, *facts(1))
    clock, settings = hub.installation.clock, hub.installation.settings.webhooks
    seal = hub.installation.deps.seal
    claims = await hub.database.write(lambda connection: outgoing.claim(connection, clock, settings, seal))
    assert len(claims) == 1
    await send_once(hub)
    assert program.seen == [], "the claim holds while its lease runs"
    await hub.database.write(
        lambda connection: connection.execute(update(Delivery).values(claimed_until=1.0))
    )
    await send_once(hub)
    assert [one.headers["webhook-id"] for one in program.seen] == [claims[0].message_id]
    late = outgoing.Result(at=clock.now(), ms=1, status=500, error="late")
    assert not await hub.database.write(
        lambda connection: outgoing.settle(connection, clock, claims[0], late, settings)
    ), "a result that comes after the lease changes nothing"
    assert await states(hub) == ["delivered"]


class TestGivenUp:
    """After the days that the settings say."""

    @pytest.fixture
    def webhooks(self) -> dict[str, Any]:
        return {"give_up_hours": 0.05 / 3600, "switch_off_days": 0.4 / 86400}

    async def test_it_is_parked_with_an_alarm_and_can_be_sent_anew(self, hub: Hub, program: Receiver) -> None:
        endpoint, _ = await add_endpoint(hub, program.url)
        program.answers = [(500, {}, "")]
        await publish(hub, *facts(1))
        await asyncio.sleep(0.06)
        await send_once(hub)
        assert await states(hub) == ["parked"]
        deps = hub.installation.deps
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            api = WebhooksApi(uow, deps)
            assert (await api.endpoints.health()).parked == 1
            await api.log.resend(endpoint.id, (await deliveries(hub))[0].id)
        await send_once(hub)
        assert await states(hub) == ["delivered"]
        assert program.seen[0].headers["webhook-id"] == program.seen[1].headers["webhook-id"]

    async def test_an_endpoint_that_fails_for_days_is_switched_off_and_says_so(
        self, hub: Hub, program: Receiver
    ) -> None:
        endpoint, _ = await add_endpoint(hub, program.url)
        program.always = (500, {}, "")

        async def fail() -> bool:
            await publish(hub, *facts(1))
            await send_once(hub)
            return (await endpoint_of(hub, endpoint.id)).is_active

        async with asyncio.timeout(within(10)):
            while await fail():
                await asyncio.sleep(0.1)
        off = await endpoint_of(hub, endpoint.id)
        assert off.off_reason == "failing"
        before = await states(hub)
        await publish(hub, *facts(1))
        assert await states(hub) == before, "nothing more is written for it"
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            api = WebhooksApi(uow, hub.installation.deps)
            assert [one.id for one in (await api.endpoints.health()).switched_off] == [endpoint.id]
            on = await api.endpoints.change(endpoint.id, off.rev, EndpointEntry(url=off.url), None)
            assert (on.is_active, on.off_reason, on.failing_since) == (True, "", None)
            now = hub.installation.clock.now()
            count = await api.log.resend_range(
                endpoint.id,
                now - timedelta(hours=1),
                now + timedelta(seconds=1),
                states=("parked",),
                missed=True,
            )
        assert count == before.count("parked") + 1, "what was given up, and the one that it missed"


async def test_who_says_gone_is_told_nothing_more(hub: Hub, program: Receiver) -> None:
    endpoint, _ = await add_endpoint(hub, program.url)
    program.answers = [(410, {}, "")]
    await publish(hub, *facts(1))
    await send_once(hub)
    view = await endpoint_of(hub, endpoint.id)
    assert (view.is_active, view.off_reason) == (False, "gone")
    assert await states(hub) == ["parked"]


async def test_a_test_is_sent_at_once_once_and_raises_no_alarm(hub: Hub, program: Receiver) -> None:
    endpoint, secret = await add_endpoint(hub, program.url, is_active=False)
    program.answers = [(500, {}, "no")]
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await WebhooksApi(uow, hub.installation.deps).log.test(endpoint.id, FIRST_SHOP)
    for _ in range(3):
        await send_once(hub)
    assert len(program.seen) == 1
    assert fits(program.seen[0], secret)
    assert json.loads(program.seen[0].body)["type"] == "webhook.test"
    view = await endpoint_of(hub, endpoint.id)
    assert (view.parked, view.failing_since) == (0, None)
    assert await states(hub) == ["parked"]


async def test_an_address_that_turned_inward_meanwhile_is_not_asked(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url.replace("127.0.0.1", "127.0.0.2"))
    await publish(hub, *facts(1))
    await send_once(hub)
    assert program.seen == []
    assert (await attempts(hub))[0].error == "This address is not on the open Internet."


async def test_the_log_is_kept_for_its_days_and_what_waits_stays(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    await publish(hub, *facts(2))
    await send_until(hub, lambda: len(program.seen) == 2)
    await send_once(hub)
    old = hub.installation.clock.now() - timedelta(days=31)
    await hub.database.write(lambda connection: connection.execute(update(Delivery).values(queued_at=old)))
    await publish(hub, *facts(1))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await WebhooksApi(uow, hub.installation.deps).log.forget_old()
    assert await states(hub) == ["pending"]
    assert await attempts(hub) == []
