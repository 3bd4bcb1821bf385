"""A PostgreSQL that takes its time: facts are taken in, calls go on, and what reads much is refused."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy.engine import make_url

from hub.app import Hub
from hub.clock import FrozenClock, SystemClock
from hub.errors import Unavailable
from hub.ports.intake import Arrival
from hub.settings import DatabaseSettings, Settings
from hub.values import CallId
from tests.factories.backups import hub_with
from tests.faults.figures import Fault
from tests.faults.slow_wire import slow_wire
from tests.faults.test_shared_server import SAMPLE, asked, deadlocks, started
from tests.kernel.rig import Bells, effects, effects_of, make_hub, rang
from tests.kernel.stream.test_relay import settled
from tests.patience import within
from tests.webui.stage import open_shop

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.fault("F52")
async def test_a_slow_server_with_its_pool_used_up_loses_nothing_and_takes_facts_in(
    settings: Settings, fault: Fault
) -> None:
    """0.2 s a question; in full counts 2 s as well. A commit asks about ten questions, and whoever comes when
    one has just begun waits for two."""
    for delay, limit in ((0.2, 6.0), (2.0, 90.0))[: fault.count(full=2, sample=1)]:
        await _on_a_slow_wire(settings, fault, delay, limit, fault.count(full=10, sample=3))


async def _on_a_slow_wire(settings: Settings, fault: Fault, delay: float, limit: float, facts: int) -> None:
    url = make_url(settings.database.url)
    async with slow_wire(url.port or 0) as wire:
        slow = url.set(port=wire.port).render_as_string(hide_password=False)
        hub = make_hub(replace(settings, database=DatabaseSettings(url=slow)), Bells().module())
        await hub.open()
        await hub.database.write(lambda connection: effects.create(connection, checkfirst=True))
        async with started([hub]):
            await hub.intake.accept([rang(f"warm{delay}", number) for number in range(3)])
            wire.delay, waits = delay, list[float]()
            readers = [asyncio.create_task(_read_on(hub)) for _ in range(24)]

            async def feed(bell: str) -> None:
                for number in range(facts):
                    begun = time.monotonic()
                    await hub.intake.accept([rang(bell, number)])
                    waits.append(time.monotonic() - begun)

            await asyncio.gather(*(feed(f"{delay}-{number}") for number in range(4)))
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            wire.delay = 0.0
            await settled(hub)
            found = await effects_of(hub, "batch"), await effects_of(hub, "ordinary")
            crossed = await deadlocks(hub)
    for handled in found:
        mine = [handled.get(f"{delay}-{number}") for number in range(4)]
        fault.check(f"lost, doubled or out of order: {mine}", mine == [list(range(facts))] * 4)
    fault.check("deadlocks", crossed == 0)
    fault.measure(f"taken in at {delay} s a question, longest", round(max(waits), 1), limit, " s")


@pytest.mark.fault("F52")
async def test_on_a_slow_server_heavy_pages_are_refused_and_calls_go_on(
    settings: Settings, frozen_clock: FrozenClock, password_hash: str, fault: Fault
) -> None:
    """Twelve programs ask for reports and lists all the time; calls come, and are asked for."""
    delay, rounds = (2.0, 5) if fault.count(full=2, sample=1) == 2 else (1.1, 1)
    url = make_url(settings.database.url)
    async with slow_wire(url.port or 0) as wire:
        slow = url.set(port=wire.port).render_as_string(hide_password=False)
        hub = hub_with(replace(settings, database=DatabaseSettings(url=slow)))
        await hub.open()
        async with started([hub]), open_shop(hub, frozen_clock, password_hash) as shop:
            token = {"Authorization": f"Bearer {await shop.token('owner')}"}
            client = shop.browser()
            answers: list[tuple[int, float, str]] = []
            watching = [asyncio.create_task(_ask_on(client, path, token, answers)) for path in _HEAVY]
            await asyncio.sleep(0.5)
            wire.delay = delay
            begun, taking = time.monotonic(), list[asyncio.Task[None]]()
            for number in range(rounds):
                taking.append(asyncio.create_task(hub.intake.accept([_ringing(number)])))
                asked_at = time.monotonic()
                async with client.get("/api/v1/calls/live", headers=token) as answer:
                    fault.check(f"calls that live: {answer.status}", answer.status == 200)
                took = round(time.monotonic() - asked_at, 1)
                fault.measure(f"calls that live at {delay} s a question, after", took, 30 * delay, " s")
            lasted = time.monotonic() - begun
            wire.delay = 0.0
            await asyncio.gather(*taking)
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await settled(hub)
            stored = await asked(hub, "SELECT count(*) FROM calls_calls")
            async with client.get("/api/v1/calls/live", headers=token) as answer:
                fault.check("not quick again", answer.status == 200)
            fault.check("still refused when it is quick again", await _is_let_in(client, token))
            crossed = await deadlocks(hub)
    refused = sorted(took for status, took, after in answers if status == 503 and after)
    fault.check(f"{stored} calls stored", stored == rounds)
    fault.check("deadlocks", crossed == 0)
    fault.check(f"only {len(refused)} of {len(answers)} were refused", len(refused) > lasted)
    fault.measure("refused after, p95", round(refused[int(len(refused) * 0.95)], 2), 1.0, " s")
    fault.check("other answers", {status for status, _, _ in answers} <= {200, 503})


async def _is_let_in(client: TestClient[Any, Any], token: dict[str, str], seconds: float = 10.0) -> bool:
    """A list is given again, some seconds after the server has become quick."""
    end = time.monotonic() + within(seconds)
    while time.monotonic() < end:
        async with client.get("/api/v1/calls", headers=token) as answer:
            if answer.status == 200:
                return True
        await asyncio.sleep(0.2)
    return False


def _ringing(number: int) -> Arrival:
    call = replace(SAMPLE.call, call_id=CallId(f"slow-{number}"))
    event = replace(SAMPLE, step=1, call=call)
    return Arrival(source="slow", external_id=str(number), occurred_at=SystemClock().now(), event=event)


_HEAVY = ("/api/v1/reports/calls", "/api/v1/calls", "/api/v1/clients", "/api/v1/vehicles") * 3


async def _ask_on(
    client: TestClient[Any, Any], path: str, token: dict[str, str], answers: list[tuple[int, float, str]]
) -> None:
    """A report that is asked for again and again."""
    while True:
        begun = time.monotonic()
        async with client.get(path, headers=token) as answer:
            await answer.read()
        answers.append((answer.status, time.monotonic() - begun, answer.headers.get("Retry-After", "")))
        await asyncio.sleep(0.2)


async def _read_on(hub: Hub) -> None:
    """A page that is asked for again and again."""
    while True:
        try:
            await asked(hub, "SELECT 1")
        except Unavailable:
            await asyncio.sleep(0.1)
