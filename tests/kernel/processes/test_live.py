"""Hints reach every watcher in order; a slow watcher is told to ask anew and holds nobody up."""

from __future__ import annotations

import asyncio

import pytest

from hub.kernel.processes.live import A_MOMENT, LiveHub
from hub.ports.live import Hint
from hub.values import ShopId
from tests.patience import within


def hint(number: int) -> Hint:
    return Hint("call", f"c{number}", 1)


async def test_every_watcher_gets_every_hint_in_order() -> None:
    hub = LiveHub()
    first, second = hub.subscribe(), hub.subscribe()
    for number in range(3):
        hub.publish(hint(number))
    assert [await first.next() for _ in range(3)] == [hint(0), hint(1), hint(2)]
    assert [await second.next() for _ in range(3)] == [hint(0), hint(1), hint(2)]


async def test_a_watcher_that_is_too_slow_is_told_once_and_goes_on_from_there() -> None:
    hub = LiveHub()
    slow = hub.subscribe(limit=4)
    for number in range(10):
        hub.publish(hint(number))
    told = await slow.next()
    hub.publish(hint(10))
    assert told is None
    assert await slow.next() == hint(10)
    assert hub.overflows == 1


async def test_hints_of_one_row_that_wait_become_the_newest_of_them() -> None:
    hub = LiveHub()
    watcher = hub.subscribe(limit=2)
    for rev in (1, 2, 4, 3):
        hub.publish(Hint("call", "c1", rev))
        hub.publish(Hint("call", "c2", rev))
    assert await watcher.take() == (Hint("call", "c1", 4), Hint("call", "c2", 4))
    hub.publish(Hint("call", "c1", 3))
    assert (await watcher.take(), hub.overflows) == ((Hint("call", "c1", 3),), 0)


async def test_hints_of_one_row_to_different_ears_stay_apart() -> None:
    hub, place = LiveHub(), ShopId("a")
    watcher = hub.subscribe()
    told = [
        Hint("call", "1", 1, place),
        Hint("call", "1", 2, place, frozenset({"101"})),
        Hint("call", "1", 3),
    ]
    for hint in told:
        hub.publish(hint)
    assert await watcher.take() == tuple(told)


async def test_who_takes_all_that_wait_is_told_of_an_overflow_once() -> None:
    hub = LiveHub()
    slow = hub.subscribe(limit=4)
    for number in range(10):
        hub.publish(hint(number))
    assert await slow.take() is None
    hub.publish(hint(10))
    assert await slow.take() == (hint(10),)


async def test_a_waiting_watcher_is_woken_and_a_closed_one_forgotten() -> None:
    hub = LiveHub()
    watcher = hub.subscribe()
    waiting = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    hub.publish(hint(1))
    assert await waiting == hint(1)
    watcher.close()
    hub.publish(hint(2))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watcher.next(), 0.05)
    assert hub.watchers == 0


async def test_a_watcher_of_one_shop_hears_of_it_of_all_and_of_its_own_phones() -> None:
    hub, place, other = LiveHub(), ShopId("a"), ShopId("b")
    watcher = hub.subscribe(shops={place}, phones=("101",))
    everything = hub.subscribe()
    told = [
        Hint("call", "1", 1, place),
        Hint("call", "2", 1, other),
        Hint("call", "3", 1, other, frozenset({"101", "102"})),
        Hint("call", "4", 1, place, frozenset({"101"})),
        Hint("pbx", "5", 1),
    ]
    for hint in told:
        hub.publish(hint)
    assert [(await everything.next()) for _ in told] == told
    heard = [await watcher.next() for _ in range(4)]
    assert [hint.id for hint in heard if hint is not None] == ["1", "3", "4", "5"]
    watcher.close()
    hub.publish(told[0])
    assert hub.watchers == 1


async def test_a_hint_that_may_wait_is_not_told_where_a_newer_one_follows_at_once() -> None:
    hub, place = LiveHub(), ShopId("a")
    watcher = hub.subscribe()
    hub.publish(Hint("call", "1", 1, place, may_wait=True))
    newer = Hint("call", "1", 2, place, frozenset({"101"}))
    hub.publish(newer)
    await asyncio.sleep(2 * A_MOMENT)
    assert await watcher.take() == (newer,)


async def test_a_hint_that_waited_in_vain_is_told_a_moment_later() -> None:
    hub = LiveHub()
    watcher = hub.subscribe()
    waits = [Hint("call", "1", rev, may_wait=True) for rev in (1, 2)]
    for hint in waits:
        hub.publish(hint)
    async with asyncio.timeout(within(1)):
        assert await watcher.take() == (waits[-1],)


async def test_a_hint_that_waits_is_told_where_the_newer_one_is_for_other_ears() -> None:
    hub, place, other = LiveHub(), ShopId("a"), ShopId("b")
    watcher = hub.subscribe()
    told = [
        Hint("call", "1", 1, place, may_wait=True),
        Hint("call", "1", 2, other, frozenset({"101"})),
        Hint("call", "2", 1, place, frozenset({"102"}), may_wait=True),
        Hint("call", "2", 2, place, frozenset({"103"})),
    ]
    for hint in told:
        hub.publish(hint)
    assert await watcher.take() == tuple(told)
