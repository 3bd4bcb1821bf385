"""The supervisor: every connector with its state, its reason and since when; one never stops another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from hub.clock import FrozenClock
from hub.kernel.processes.supervisor import Supervisor
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, NotReady
from hub.ports.intake import Intake
from hub.settings import Settings, SupervisorSettings
from tests.kernel.rig import make_hub
from tests.kernel.waiting import until
from tests.patience import within

Run = Callable[[int, Status], Awaitable[None]]


class Scripted:
    """A connector whose every run does what the script says."""

    def __init__(self, name: str, run: Run) -> None:
        self._name = name
        self._run = run
        self.runs = 0
        self.is_clean = False

    @property
    def name(self) -> str:
        return self._name

    async def run(self, intake: Intake, status: Status) -> None:
        self.runs += 1
        try:
            await self._run(self.runs, status)
        except asyncio.CancelledError:
            self.is_clean = True
            raise


async def fine(_: int, status: Status) -> None:
    status.report("ready", "All is well.", version="22")
    await asyncio.Event().wait()


def supervised(
    settings: Settings, clock: FrozenClock, waits: SupervisorSettings, *connectors: Scripted
) -> Supervisor:
    hub = make_hub(settings)
    return Supervisor(connectors, hub.intake, clock, waits, {"sms": "Not set up."})


QUICK = SupervisorSettings(first_wait=0.01, longest_wait=0.05, auth_wait=30.0)


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [
        (NotReady("The PBX does not answer."), "not_ready", "The PBX does not answer."),
        (ValueError("odd"), "error", "ValueError: odd"),
    ],
)
async def test_a_failing_connector_is_tried_again_and_says_why(
    settings: Settings, frozen_clock: FrozenClock, error: Exception, state: str, text: str
) -> None:
    async def run(turn: int, status: Status) -> None:
        if turn < 4:
            raise error
        await fine(turn, status)

    connector, other = Scripted("ami", run), Scripted("telegram", fine)
    supervisor = supervised(settings, frozen_clock, QUICK, connector, other)
    supervisor.start()
    states: list[tuple[str, str]] = []

    async def recovered() -> bool:
        health = supervisor.health()["ami"]
        states.append((health.state, health.text))
        return health.state == "ready"

    await until(recovered)
    healths = supervisor.health()
    await supervisor.stop()
    assert (state, text) in states
    assert healths["ami"].details == {"version": "22"}
    assert (other.runs, healths["telegram"].state, healths["sms"].state) == (1, "ready", "off")
    assert connector.is_clean
    assert other.is_clean


async def test_a_refused_log_in_is_not_repeated_in_a_tight_loop_and_a_nudge_tries_at_once(
    settings: Settings, frozen_clock: FrozenClock
) -> None:
    async def run(turn: int, status: Status) -> None:
        if turn == 1:
            raise AuthFailed("The PBX refused the secret.")
        await fine(turn, status)

    connector = Scripted("ami", run)
    supervisor = supervised(settings, frozen_clock, QUICK, connector)
    supervisor.start()

    async def is_refused() -> bool:
        return supervisor.health()["ami"].state == "auth_failed"

    await until(is_refused)
    await asyncio.sleep(0.3)  # a tight loop would have come round by now
    refused, runs = supervisor.health()["ami"], connector.runs
    supervisor.nudge("ami")

    async def ready() -> bool:
        return supervisor.health()["ami"].state == "ready"

    await until(ready)
    await supervisor.stop()
    assert (refused.state, refused.text, runs) == ("auth_failed", "The PBX refused the secret.", 1)


async def test_a_repeated_state_keeps_its_since(settings: Settings, frozen_clock: FrozenClock) -> None:
    async def run(_: int, __: Status) -> None:
        frozen_clock.advance(1)
        raise NotReady("away")

    connector = Scripted("ami", run)
    supervisor = supervised(settings, frozen_clock, QUICK, connector)
    supervisor.start()

    async def five_runs() -> bool:
        return connector.runs >= 5

    await until(five_runs)
    since, now = supervisor.health()["ami"].since, frozen_clock.now()
    await supervisor.stop()
    assert (now - since).total_seconds() >= 3


async def test_a_connector_that_will_not_stop_does_not_hold_the_hub_up(
    settings: Settings, frozen_clock: FrozenClock
) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def run(_: int, __: Status) -> None:
        begun.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    supervisor = supervised(settings, frozen_clock, QUICK, Scripted("stubborn", run))
    supervisor.start()
    await begun.wait()
    began = time.monotonic()
    await supervisor.stop(0.2)
    took = time.monotonic() - began
    release.set()
    assert took < within(2)
    assert supervisor.health()["stubborn"].state == "stopped"
