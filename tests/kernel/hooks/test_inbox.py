"""What a provider sends is kept before it is answered, becomes facts once, and is never lost by our fault."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.hooks.keeping import forget, forget_numbers, trim
from hub.kernel.hooks.tables import hook_refused, hook_requests
from hub.settings import HooksSettings, Settings
from tests.kernel.hooks.provider import PATH, Line, Provider, kept, line_to, moment
from tests.kernel.rig import Bells, effects_of, make_hub, prepare
from tests.kernel.stream.test_relay import settled
from tests.kernel.waiting import until


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def quiet(settings: Settings, provider: Provider) -> AsyncIterator[Hub]:
    """A hub that stores what comes and does nothing with it yet."""
    made = make_hub(settings, Bells().module(batch=False), connectors=[provider])
    await prepare(made)
    yield made
    await made.close()


@pytest.fixture
async def running(settings: Settings, provider: Provider) -> AsyncIterator[Hub]:
    made = make_hub(settings, Bells().module(batch=False), connectors=[provider])
    await prepare(made)
    await made.start()
    yield made
    await made.stop()


async def worked(hub: Hub) -> None:
    """Until nothing waits any more."""

    async def nothing_waits() -> bool:
        return "waiting" not in await kept(hub)

    await until(nothing_waits)
    await settled(hub)


async def again(hub: Hub) -> tuple[int, int]:
    """What the button on /system does."""
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        return await installation.refused_hooks.again(uow)


async def test_it_is_stored_whole_before_it_is_answered(quiet: Hub) -> None:
    async with line_to(quiet) as line:
        answer = await line.ring("a:1,\x00 і \udcff\r\n")
    row = await quiet.database.read(lambda connection: connection.execute(select(hook_requests)).one())
    assert answer == (200, "<Thanks/>")
    assert row.state == "waiting"
    assert row.body == b"a:1,\x00 \xd1\x96 \xff\r\n"


async def test_it_becomes_a_fact_once_and_a_repeat_is_told_the_same(running: Hub) -> None:
    async with line_to(running) as line:
        first = await line.ring("a:1")
        await worked(running)
        repeats = [await line.ring("a:1"), await line.ring("a:1,written anew")]
        both = await asyncio.gather(*[line.ring("a:2") for _ in range(20)])
        await worked(running)
    assert {first, *repeats, *both} == {(200, "<Thanks/>")}
    assert await effects_of(running, "ordinary") == {"a": [1, 2]}
    assert await kept(running) == {"done": 2}


async def test_what_a_stopped_hub_had_acknowledged_is_done_by_the_next(
    settings: Settings, provider: Provider
) -> None:
    first = make_hub(settings, Bells().module(batch=False), connectors=[provider])
    await prepare(first)
    async with line_to(first) as line:
        await line.ring("a:1")
    await first.close()
    following = make_hub(settings, Bells().module(batch=False), connectors=[provider])
    await following.start()
    await until(lambda: _is_done(following, 1), 20)
    await settled(following)
    found = await effects_of(following, "ordinary")
    await following.stop()
    assert found == {"a": [1]}


async def _is_done(hub: Hub, count: int) -> bool:
    return await kept(hub) == {"done": count}


async def test_a_refused_one_is_kept_apart_and_taken_after_the_setting_is_mended(
    running: Hub, provider: Provider
) -> None:
    provider.secret = "wrong"
    async with line_to(running) as line:
        assert await line.ring("a:1") == (403, "refused\n")
        assert await line.ring("a:1") == (403, "refused\n")
        assert await line.ring("a:2") == (403, "refused\n")
    assert await kept(running) == {"refused": 2}
    [newest, _] = await running.installation.refused_hooks.page(is_refused=True)
    assert (newest.reason, newest.text, newest.sender) == ("The signature is wrong.", "a:2", "127.0.0.1")
    assert await again(running) == (0, 2)
    provider.secret = "right"
    assert await again(running) == (2, 0)
    await worked(running)
    assert await effects_of(running, "ordinary") == {"a": [1, 2]}
    assert await kept(running) == {"done": 2}


async def test_a_fault_of_the_program_loses_nothing(
    running: Hub, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line_to(running) as line:
        assert await line.ring("a:1,broken verify") == (503, "refused\n")
        assert await line.ring("b:1,unreadable") == (200, "<Thanks/>")
        assert await line.ring("c:1,silent") == (200, "<Thanks/>")
        assert await line.ring("c:2") == (200, "<Thanks/>")
        await worked(running)
    assert await kept(running) == {"failed": 1, "done": 2, "refused": 1}
    [failed] = await running.installation.refused_hooks.page(is_refused=False)
    assert "nobody can read this" in failed.reason
    assert await again(running) == (1, 1)
    await worked(running)
    assert await kept(running) == {"failed": 1, "done": 2, "refused": 1}
    assert await effects_of(running, "ordinary") == {"c": [2]}


@pytest.mark.sqlite
async def test_a_locked_database_is_waited_for(quiet: Hub) -> None:
    assert quiet.database.path is not None
    holder = sqlite3.connect(quiet.database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    async with line_to(quiet) as line:
        ringing = asyncio.create_task(line.ring("a:1"))
        done, _ = await asyncio.wait([ringing], timeout=0.3)
        assert not done
        holder.execute("COMMIT")
        assert await ringing == (200, "<Thanks/>")
    holder.close()


@pytest.mark.sqlite
async def test_whoever_cannot_wait_longer_is_told_to_come_again(settings: Settings) -> None:
    hub = make_hub(
        replace(settings, hooks=HooksSettings(patience=0.2)), Bells().module(), connectors=[Provider()]
    )
    await prepare(hub)
    assert hub.database.path is not None
    holder = sqlite3.connect(hub.database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    async with line_to(hub) as line:
        assert (await line.ring("a:1"))[0] == 503
        holder.execute("COMMIT")
        holder.close()
        assert await line.ring("a:1") == (200, "<Thanks/>")
    assert await kept(hub) == {"waiting": 1}
    await hub.close()


async def test_what_is_too_large_too_slow_or_by_another_method_is_refused(settings: Settings) -> None:
    hub = make_hub(
        replace(settings, hooks=HooksSettings(body_seconds=0.2)), Bells().module(), connectors=[Provider()]
    )
    await prepare(hub)
    async with line_to(hub) as line:
        assert (await line.ring("a:1," + "x" * 10_001))[0] == 413
        assert await _in_pieces(line, 40, 0) == 413
        assert await _in_pieces(line, 3, 0.2) == 408
        assert (await line.client.get(PATH)).status == 405
    assert await kept(hub) == {}
    await hub.close()


async def _in_pieces(line: Line, pieces: int, pause: float) -> int:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield b"x" * 300
            await asyncio.sleep(pause)

    async with line.client.post(PATH, data=body()) as answer:
        return answer.status


async def test_what_is_done_and_old_is_emptied_and_still_known(running: Hub) -> None:
    async with line_to(running) as line:
        await line.ring("a:1")
        await worked(running)
        after = running.installation.clock.now() + timedelta(seconds=1)
        assert await running.database.write(partial(forget, before=after)) == 1
        row: Any = await running.database.read(
            lambda connection: connection.execute(select(hook_requests)).one()
        )
        assert (row.body, row.headers) == (None, "{}")
        await line.ring("a:1")
        await worked(running)
    assert await effects_of(running, "ordinary") == {"a": [1]}


async def test_the_quarantine_is_bounded_by_number_size_and_age(quiet: Hub) -> None:
    async with line_to(quiet) as line:
        line.secret = "wrong"
        for number in range(6):
            await line.ring(f"a:{number}," + "x" * 2000)

    async def bodies() -> list[str]:
        query = select(hook_refused.c.body).order_by(hook_refused.c.id)
        rows = await quiet.database.read(lambda connection: connection.scalars(query).all())
        return [bytes(row)[:3].decode() for row in rows]

    await quiet.database.write(partial(trim, before=moment(), most=4, most_bytes=10**6))
    assert await bodies() == ["a:2", "a:3", "a:4", "a:5"]
    await quiet.database.write(partial(trim, before=moment(), most=4, most_bytes=6100))
    assert await bodies() == ["a:4", "a:5"]
    tomorrow = quiet.installation.clock.now() + timedelta(days=1)
    await quiet.database.write(partial(trim, before=tomorrow, most=4, most_bytes=10**6))
    assert await bodies() == []


async def test_a_flood_of_forged_ones_is_counted_not_kept(
    settings: Settings, provider: Provider, frozen_clock: FrozenClock
) -> None:
    hub = make_hub(settings, Bells().module(batch=False), connectors=[provider], clock=frozen_clock)
    await prepare(hub)
    async with line_to(hub) as line:
        line.secret = "wrong"
        answers = await asyncio.gather(*[line.ring(f"a:{number}") for number in range(260)])
        at_once = (await kept(hub))["refused"]
        frozen_clock.advance(1.0)
        for number in range(260, 290):
            await line.ring(f"a:{number}")
    assert {status for status, _ in answers} == {403}
    assert (at_once, (await kept(hub))["refused"]) == (200, 220)
    assert hub.hooks.inbox.counters.refused == 290
    await hub.close()


async def test_in_a_flood_what_is_stored_waits_and_is_done_behind_it(
    settings: Settings, provider: Provider, frozen_clock: FrozenClock
) -> None:
    hub = make_hub(settings, Bells().module(batch=False), connectors=[provider], clock=frozen_clock)
    await prepare(hub)
    await hub.start()
    async with line_to(hub) as line:
        await asyncio.gather(*[line.ring(f"a:{number}") for number in range(120)])
        assert hub.hooks.inbox.is_flooded
        await asyncio.sleep(0.3)
        assert (await kept(hub)).get("done", 0) < 120
        frozen_clock.advance(1.0)
        assert not hub.hooks.inbox.is_flooded
        await worked(hub)
    assert await effects_of(hub, "ordinary") == {"a": list(range(120))}
    await hub.stop()


async def test_requests_that_name_an_erased_number_keep_nothing_but_that_they_were_seen(quiet: Hub) -> None:
    then = datetime(2026, 1, 5, tzinfo=UTC)
    bodies = [b"From=%2B380501234567&Body=x", b'{"to": "050 123-45-67"}', b"From=%2B380671112233"]

    def fill(connection: Connection) -> None:
        for number, body in enumerate(bodies):
            common = {
                "id": f"01{number}", "path": "/hooks/x", "digest": str(number), "received_at": then,
                "sender": "s", "method": "POST", "query": "", "headers": "{}", "body": body,
            }  # fmt: skip
            own = {"identity": str(number), "owner": "x", "state": "done"}
            connection.execute(insert(hook_requests).values({**common, **own}))
            connection.execute(insert(hook_refused).values({**common, "reason": "r", "size": len(body)}))

    def left(connection: Connection) -> tuple[list[bool], int]:
        kept = connection.execute(select(hook_requests.c.body).order_by(hook_requests.c.id)).scalars()
        return [body is not None for body in kept], len(connection.execute(select(hook_refused.c.id)).all())

    database = quiet.database
    await database.write(fill)
    early = partial(forget_numbers, numbers=["+380671112233"], until=then - timedelta(days=1))
    assert await database.write(early) == 0
    assert await database.write(partial(forget_numbers, numbers=["+380501234567"], until=then)) == 4
    assert await database.write(left) == ([False, False, True], 1)
