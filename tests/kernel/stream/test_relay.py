"""Facts come in, handlers run: once per fact, in order per key, whatever fails."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.settings import Settings
from tests.kernel.rig import Bells, Rang, effects_of, make_hub, prepare, rang
from tests.kernel.waiting import until
from tests.patience import within


async def pending(hub: Hub) -> int:
    query = select(func.count()).select_from(event_delivery).where(event_delivery.c.state == "pending")
    count: int = await hub.database.read(lambda connection: connection.scalar(query)) or 0
    return count


async def settled(hub: Hub) -> None:
    async def nothing_pending() -> bool:
        return await pending(hub) == 0

    await until(nothing_pending)


async def run_all(settings: Settings, bells: Bells, bells_count: int = 5, rings: int = 20) -> Hub:
    """Feed rings of several bells, interleaved, and wait until everything is handled."""
    hub = make_hub(settings, bells.module())
    await prepare(hub)
    await hub.start()
    arrivals = [rang(f"b{bell}", number) for number in range(rings) for bell in range(bells_count)]
    await asyncio.gather(*(hub.intake.accept(arrivals[at : at + 7]) for at in range(0, len(arrivals), 7)))
    await settled(hub)
    return hub


@pytest.mark.parametrize("handler", ["ordinary", "batch"])
async def test_every_fact_is_handled_once_and_in_order_per_key(settings: Settings, handler: str) -> None:
    hub = await run_all(settings, Bells())
    found = await effects_of(hub, handler)
    await hub.stop()
    assert found == {f"b{bell}": list(range(20)) for bell in range(5)}


@pytest.mark.parametrize("handler", ["ordinary", "batch"])
async def test_order_per_key_holds_while_a_handler_fails_and_is_tried_again(
    settings: Settings, handler: str
) -> None:
    left = {"b1": 2, "b3": 1}

    def trouble(who: str, event: Rang) -> None:
        if who == handler and event.number == 5 and left.get(event.bell, 0) > 0:
            left[event.bell] -= 1
            raise RuntimeError("boom")

    hub = await run_all(settings, Bells(trouble))
    found = await effects_of(hub, handler)
    await hub.stop()
    assert left == {"b1": 0, "b3": 0}
    assert found == {f"b{bell}": list(range(20)) for bell in range(5)}


@pytest.mark.parametrize("handler", ["ordinary", "batch"])
async def test_a_dead_delivery_lets_its_key_go_on_and_can_be_retried(
    settings: Settings, handler: str
) -> None:
    broken = [True]

    def trouble(who: str, event: Rang) -> None:
        if who == handler and event.bell == "b1" and event.number == 5 and broken[0]:
            raise RuntimeError("the bell is broken\nand more")

    hub = await run_all(settings, Bells(trouble))
    [letter] = await hub.system.letters.page(DeadFilter())
    before = (await effects_of(hub, handler))["b1"]
    broken[0] = False
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await hub.system.letters.retry(uow, letter.id, None)
    await settled(hub)
    after = (await effects_of(hub, handler))["b1"]
    await hub.stop()
    assert (letter.handler.split(".")[0], letter.key, letter.attempts) == ("rig", "bell:b1", 4)
    assert letter.last_error == "RuntimeError: the bell is broken"
    assert before == [n for n in range(20) if n != 5]
    assert after == [*before, 5]


async def test_the_second_arrival_of_the_same_fact_is_silence(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", 1), rang("a", 2), rang("a", 1)])
    await asyncio.gather(*(hub.intake.accept([rang("a", 2), rang("a", 3)]) for _ in range(5)))
    await settled(hub)
    found = await effects_of(hub, "batch"), await effects_of(hub, "ordinary")
    facts = await hub.database.read(lambda c: c.scalar(select(func.count()).select_from(event_outbox)))
    await hub.stop()
    assert found == ({"a": [1, 2, 3]}, {"a": [1, 2, 3]})
    assert facts == 3
    assert hub.intake.duplicates == 10


async def test_hints_come_after_the_commit_of_the_row_they_speak_of(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    await hub.start()
    watcher = hub.live.subscribe()
    await hub.intake.accept([rang("a", 1)])
    hint = await asyncio.wait_for(watcher.next(), within(5))
    found = await effects_of(hub, "batch")
    await hub.stop()
    assert hint is not None
    assert (hint.topic, hint.id, hint.rev) == ("bell", "a", 1)
    assert found == {"a": [1]}


async def test_a_failure_on_the_hot_path_is_counted_once(settings: Settings) -> None:
    def trouble(who: str, event: Rang) -> None:
        if event.number == 1:
            raise RuntimeError("boom")

    hub = make_hub(settings, Bells(trouble).module(ordinary=False))
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", number) for number in range(3)])
    await settled(hub)
    counters = hub.relay.counters
    await hub.stop()
    assert (counters.failed, counters.dead) == (len(settings.relay.backoff) + 1, 1)
