"""T20: a mailing to thousands is under way, and whoever asks something meanwhile is answered at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock, SystemClock
from hub.modules.consents.api import ConsentEntry, ConsentsApi, ContactRules, Quiet, Subject
from hub.modules.mailings.feeder import feed
from hub.ports.messaging import OutgoingMessage, Sent
from hub.settings import Settings
from tests.factories.crm import crm_of, entry
from tests.faults.figures import Fault
from tests.modules.mailings.stage import BOHDAN, Shop, mobile, shop_of
from tests.modules.messaging.wire import SMS, Wire
from tests.patience import within

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(900)]
PER_SECOND = 30.0
FULL = 5000
NEVER = Quiet(begins="00:00", ends="00:00")
ASKS = 0.5
"""Seconds between two answers of a person's."""


@dataclass
class Provider(Wire):
    """Bears so many a second; what is more is counted."""

    times: list[float] = field(default_factory=list)
    gone: dict[str, float] = field(default_factory=dict)

    async def send(self, message: OutgoingMessage) -> Sent:
        self.times.append(time.monotonic())
        self.gone[message.id] = self.times[-1]
        return await super().send(message)

    def too_many(self) -> int:
        """Requests beyond what any second bears (a second's worth may come at once after a rest)."""
        most, begin, over = 2 * PER_SECOND, 0, 0
        for end, at in enumerate(self.times):
            while self.times[begin] < at - 1:
                begin += 1
            over += end - begin + 1 > most
        return over


@asynccontextmanager
async def running(settings: Settings, folder: Path, count: int) -> AsyncIterator[tuple[Shop, Provider]]:
    """So many clients who have agreed; feeder and sender run by the real clock."""
    provider = Provider(carried={"sms": replace(SMS, per_second=PER_SECOND)})
    clock: FrozenClock = SystemClock()  # type: ignore[assignment]  # the stage only ever reads it here
    async with shop_of(settings, clock, folder, provider) as shop:
        await clients(shop, count)
        work = [asyncio.create_task(feed(shop.worker())), asyncio.create_task(shop.house.sender().run())]
        yield shop, provider
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def clients(shop: Shop, count: int) -> None:
    deps = shop.house.hub.installation.deps
    async with shop.house.uow() as uow:
        await ConsentsApi(uow, deps).gate.set_rules(
            ContactRules(service=NEVER, marketing=NEVER, rests_on_sunday=False)
        )
    for begin in range(0, count, 100):
        async with crm_of(shop.house.hub) as crm:
            made = [
                await crm.create_client(entry(f"Client {n}", mobile(n)))
                for n in range(begin, min(begin + 100, count))
            ]
        async with shop.house.uow() as uow:
            ledger = ConsentsApi(uow, deps).ledger
            for one in made:
                await ledger.record(
                    ConsentEntry(
                        subject=Subject(client_id=one.id), topic="marketing", act="granted",
                        form="signature", evidence="sheet", source="desk",
                    )
                )  # fmt: skip


@pytest.mark.fault("T20")
async def test_whoever_asks_during_a_mailing_is_answered_at_once(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    count = fault.count(full=FULL, sample=90)
    settings = replace(settings, messaging=replace(settings.messaging, poll=0.2))
    async with running(settings, tmp_path, count) as (shop, provider):
        made = await shop.counted((await shop.draft(pace=1800)).id)
        async with shop.api() as api:
            await api.flow.submit(made.id, None, None)
        async with shop.api(BOHDAN) as api:
            await api.flow.approve(made.id, None, None, by=BOHDAN, name="Bohdan", is_alone=False)
        began, waits = time.monotonic(), dict[str, float]()
        while (view := await shop.view(made.id)).state != "done" or view.sums.open:
            answer = await shop.house.queue("An answer", address=mobile(900_000 + len(waits)))
            waits[answer.id] = time.monotonic()
            await asyncio.sleep(ASKS)
            assert time.monotonic() - began < 60 + count / 5, "the mailing does not come to its end"
        seconds = time.monotonic() - began
        slow = sorted(provider.gone.get(one, began + 1e6) - at for one, at in waits.items())
        for wait in slow:
            fault.check("an answer", wait <= within(2))
        p99 = slow[min(len(slow) - 1, int(len(slow) * 0.99))]
        fault.measure("answers p99", p99, 2, "s")
        if count >= FULL:  # a sample is mostly beginning and end
            fault.measure("a message each", seconds / count, 1 / 25, "s")
        addresses = [one.address for one in provider.ledger if one.text != "An answer"]
        fault.check("everybody once", sorted(addresses) == sorted(mobile(n) for n in range(count)))
        fault.check("never more than the provider bears", provider.too_many() == 0)
        assert view.sums.sent == count
