"""What Twilio answers and reports of our messages: early, in any order, refused, lost. Its ledger judges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from hub.settings import Settings
from tests.faults.figures import Fault
from tests.faults.sms_shop import SmsShop, sms_shop
from tests.kernel.waiting import until

pytestmark = pytest.mark.slow
EARLY = ("", "early delivered", "early undelivered")
"""What a message meets at Twilio: reported before the answer that names its Sid, or after it."""


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[SmsShop]:
    async with sms_shop(settings, tmp_path) as made:
        yield made


@pytest.mark.fault("F31")
async def test_reports_out_of_order_end_at_the_furthest_state(shop: SmsShop, fault: Fault) -> None:
    await until(lambda: _is_up(shop))
    count, chance = fault.count(full=1000, sample=6), fault.random("order")
    shop.twilio.account.mischief.extend(chance.choice(EARLY) for _ in range(count))
    for number in range(count):
        await shop.queue(f"text {number}", f"+3806711{number:05}")
    await until(lambda: _all_sent(shop, count), 60 + count)
    wanted: dict[str, str] = {}
    for sent in shop.twilio.account.sent():
        last = sent.status if sent.status != "queued" else chance.choice(["delivered", "undelivered"])
        wanted[sent.callback.partition("m=")[2]] = "failed" if last == "undelivered" else last
        reports = ["queued", "sent", last, last]
        chance.shuffle(reports)
        for status in reports:
            assert await shop.twilio.report(sent, status, 30005 if status == "undelivered" else None) == 200
    await shop.worked(60)
    found = await shop.outbound()
    fault.measure("sent more than once", len(shop.twilio.account.sent()) - count, 0)
    for ours, state in wanted.items():
        fault.check(f"{ours} ended as {found[ours][0]}, not {state}", found[ours][0] == state)


async def _is_up(shop: SmsShop) -> bool:
    return shop.hub.supervisor.health()["twilio"].state == "ready"


async def _all_sent(shop: SmsShop, count: int) -> bool:
    states = [state for state, _ in (await shop.outbound()).values()]
    return len(states) == count and not {"queued", "sending"} & set(states)


@pytest.mark.fault("F36")
async def test_what_twilio_refuses_for_good_is_asked_once(shop: SmsShop, fault: Fault) -> None:
    await until(lambda: _is_up(shop))
    account = shop.twilio.account
    codes = (21211, 21408, 21610, 21612, 21614) * fault.count(full=10, sample=1)
    for place, code in enumerate(codes):
        account.refusals[f"+38067222{place:04}"] = (400, code, "no")
        await shop.queue("text", f"+38067222{place:04}")
    await until(lambda: _all_sent(shop, len(codes)), 60)
    states = [state for state, _ in (await shop.outbound()).values()]
    for state in states:
        fault.check(f"ended as {state}", state == "failed")
    asked = [line["to"] for line in account.ledger if line["what"] == "asked"]
    fault.measure("asked again", len(asked) - len(codes), 0)


@pytest.mark.fault("F36")
async def test_what_twilio_could_not_bring_is_failed_and_never_sent_again(
    shop: SmsShop, fault: Fault
) -> None:
    await until(lambda: _is_up(shop))
    codes = (30003, 30004, 30005, 30006, 30007) * fault.count(full=10, sample=1)
    for place in range(len(codes)):
        await shop.queue("text", f"+38067333{place:04}")
    await until(lambda: _all_sent(shop, len(codes)), 60)
    for sent, code in zip(shop.twilio.account.sent(), codes, strict=True):
        assert await shop.twilio.report(sent, "undelivered", code) == 200
    await shop.worked(60)
    for state, _ in (await shop.outbound()).values():
        fault.check(f"ended as {state}", state == "failed")
    fault.measure("sent again", len(shop.twilio.account.sent()) - len(codes), 0)


@pytest.mark.fault("F36")
async def test_what_twilio_cannot_take_just_now_goes_out_once(
    shop: SmsShop, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.modules.messaging.service_sending.ASK_AFTER", (0.2, 0.2, 0.2))
    await until(lambda: _is_up(shop))
    shop.twilio.account.retry_after = 1
    for number, chance in enumerate(fault.runs(full=30, sample=1)):
        troubles = ["429", "500", "lost"]
        chance.shuffle(troubles)
        shop.twilio.account.mischief.extend(troubles)
        made = await shop.queue(f"the only {number}", f"+38067444{number:04}")
        await until(partial(_ends_as, shop, made, "sent"), 90)
        went = sum(one.body == f"the only {number}" for one in shop.twilio.account.sent())
        fault.check(f"{troubles}: went {went} times", went == 1)
        shop.twilio.account.mischief.clear()


async def _ends_as(shop: SmsShop, message_id: str, state: str) -> bool:
    return (await shop.outbound())[message_id][0] == state
