"""A provider with Viber and SMS: reports in any order, forged and repeated, refusals. Its ledger judges."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.settings import Settings
from tests.faults.figures import Fault
from tests.faults.provider_shop import ProviderShop, provider_shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WAYS = (
    (("Sent", "viber"), ("Delivered", "viber"), ("Read", "viber")),
    (("Sent", "viber"), ("Undelivered", "viber"), ("Sent", "sms"), ("Delivered", "sms")),
    (("Sent", "viber"), ("Undelivered", "viber"), ("Expired", "sms")),
    (("Sent", "viber"), ("Delivered", "viber")),
)
ENDS = (("read", ""), ("delivered", "sms"), ("failed", "sms"), ("delivered", ""))
_WORDS = {
    "Sent": "ENROUTE",
    "Delivered": "DELIVRD",
    "Read": "READ",
    "Undelivered": "UNDELIV",
    "Expired": "EXPIRED",
}


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[ProviderShop]:
    async with provider_shop(settings, tmp_path) as made:
        yield made


def number(n: int) -> str:
    return f"+38067{n:07d}"


@pytest.mark.fault("F31")
async def test_reports_in_any_order_end_in_the_furthest_state(shop: ProviderShop, fault: Fault) -> None:
    lot = random.Random(fault.seed)
    expected: dict[str, tuple[str, str]] = {}
    for n in range(fault.count(full=1000, sample=12)):
        expected[await shop.queue(f"Готово {n}", number(n))] = ENDS[n % len(WAYS)]
    await shop.all_in("sent", seconds=240.0)
    for made in shop.account.sent():
        way = list(WAYS[int(made.phone[-7:]) % len(WAYS)])
        lot.shuffle(way)
        for word, leg in way:
            made.leg = leg
            report = shop.provider.report_of(made, _WORDS[word])
            for _ in range(lot.choice((1, 1, 2))):
                assert await shop.bring(report) == 200
    await shop.worked(120.0)
    found = {one: (row.state, row.carried_by) for one, row in (await shop.outbound()).items()}
    for message_id, end in expected.items():
        fault.check(message_id, found[message_id] == end)


@pytest.mark.fault("F36")
async def test_refusals_and_silences_end_once_in_the_right_state(shop: ProviderShop, fault: Fault) -> None:
    shop.account.refusals = {
        number(1)[1:]: (404, "NOT_ALLOWED_NUMBER_STOPLIST"), number(2)[1:]: (412, "NOT_ALLOWED_MESSAGE_TEXT"),
    }  # fmt: skip
    wanted = {await shop.queue("x", number(n)): "failed" for n in (1, 2)}
    await shop.all_in("failed", "sent")
    shop.account.mischief.extend(("lost", "broken", "500", "page"))
    wanted |= {await shop.queue("x", number(n)): "sent" for n in range(5, 9)}
    await shop.all_in("failed", "sent", seconds=60.0)
    rows = await shop.outbound()
    for message_id, state in wanted.items():
        fault.check(message_id, rows[message_id].state == state)
    sequences = Counter(one["sequence"] for one in shop.account.ledger if one["what"] == "asked")
    refused = [one for one, state in wanted.items() if state == "failed"]
    assert [sequences[one] for one in refused] == [1, 1], "a final refusal is not asked again"
    assert Counter(one.phone for one in shop.account.sent()).most_common(1)[0][1] == 1, "doubled"
    assert len(shop.account.sent()) == 4


async def test_forged_and_repeated_reports_do_nothing(shop: ProviderShop) -> None:
    first, second = await shop.queue("one", number(1)), await shop.queue("two", number(2))
    await shop.all_in("sent")
    one, two = sorted(shop.account.sent(), key=lambda made: made.phone)
    good = shop.provider.report_of(one, "DELIVRD", "event-1")
    assert await shop.bring(good) == 200
    unsigned = {**good, "signature": ""}
    other = {**good, "signature": hashlib.sha1(b"guessed" + b"event-1").hexdigest()}
    strangers = (unsigned, other, b"", b"[]", b"\xff" * 50, {**good, "id": "event-2"})
    assert [await shop.bring(stranger) for stranger in strangers] == [403] * len(strangers)
    pointed = {**good, "data": {"message_id": two.id, "status": "READ", "type": "viber"}}
    assert await shop.bring(pointed) == 200, "the same proof is the same report: it was taken already"
    await shop.worked()
    rows = await shop.outbound()
    assert (rows[first].state, rows[second].state) == ("delivered", "sent")


async def test_an_sms_in_place_of_viber_is_seen_and_has_its_parts(shop: ProviderShop) -> None:
    message = await shop.queue("Авто готове, " * 10, number(9))
    await shop.all_in("sent")
    shop.account.move(shop.account.sent()[0], "Delivered", "sms")
    await shop.bring(shop.provider.report_of(shop.account.sent()[0], "DELIVRD"))
    await shop.all_in("delivered")
    row = (await shop.outbound())[message]
    assert (row.carried_by, row.parts) == ("sms", 2)
