"""What /system and /metrics say, and the order of start and stop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from hub.errors import NotFound
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.kernel.stream.pruning import prune
from hub.settings import Settings
from tests.kernel.rig import Bells, Rang, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled


async def test_the_report_tells_how_the_machinery_is(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.intake.accept([rang("a", 1)])
    waiting = await hub.system.report()
    await hub.start()
    await settled(hub)
    working = await hub.system.report()
    metrics = hub.system.metrics()
    await hub.stop()
    assert (waiting.pending_deliveries, working.pending_deliveries) == (2, 0)
    assert "2 deliveries wait" in waiting.relay_text
    assert working.database_ok
    assert working.relay_ok
    assert working.disk_free_bytes > 0
    assert working.schema_version.startswith("0")
    assert metrics["pitline_intake_facts_total"] == 1
    assert metrics["pitline_relay_deliveries_total"] == 2


async def test_a_relay_that_stands_still_is_told(settings: Settings) -> None:
    hub = make_hub(settings)
    await hub.open()
    hub.relay.counters.last_run = time.monotonic() - 60
    report = await hub.system.report()
    await hub.close()
    assert not report.relay_ok
    assert "has not moved for 60 seconds" in report.relay_text


@pytest.mark.parametrize("delivery", ["999", "-1", "x", "9" * 30, "٣"])
async def test_a_dead_letter_that_is_not_there_cannot_be_retried(settings: Settings, delivery: str) -> None:
    hub = make_hub(settings, Bells().module())
    await hub.open()
    with pytest.raises(NotFound):
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await hub.system.letters.retry(uow, delivery, None)
    await hub.close()


async def test_deliveries_for_handlers_that_are_gone_are_told_apart(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.intake.accept([rang("a", 1)])
    gone = (
        update(event_delivery).where(event_delivery.c.handler == "rig.on_rang").values(handler="old.on_rang")
    )
    await hub.database.write(lambda connection: connection.execute(gone))
    report = await hub.system.report()
    await hub.close()
    assert report.pending_deliveries == 1
    assert "1 wait for modules that are switched off" in report.relay_text


async def test_what_is_done_and_old_is_dropped_and_what_is_open_stays(settings: Settings) -> None:
    def trouble(who: str, event: Rang) -> None:
        if who == "batch" and event.number == 3:
            raise RuntimeError("boom")

    hub = make_hub(settings, Bells(trouble).module())
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", n) for n in range(10)])
    await settled(hub)
    await hub.stop()
    await hub.open()
    later = hub.installation.clock.now().replace(year=2200)
    more = await hub.database.write(lambda connection: prune(connection, later))
    facts = await hub.database.read(lambda c: c.scalar(select(func.count()).select_from(event_outbox)))
    states = await hub.database.read(lambda c: list(c.scalars(select(event_delivery.c.state))))
    await hub.close()
    assert not more
    assert (facts, states) == (1, ["dead"])


@pytest.mark.slow
async def test_a_hub_stops_within_five_seconds_whatever_its_connectors_do(settings: Settings) -> None:
    release = asyncio.Event()

    class Stubborn:
        name = "stubborn"

        async def run(self, *_: object) -> None:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue

    short = replace(settings, relay=replace(settings.relay, poll=1.0))
    hub = make_hub(short, Bells().module(), connectors=[Stubborn()])
    await prepare(hub)
    await hub.start()
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await hub.stop()
    took = time.monotonic() - began
    release.set()
    assert took < 5
