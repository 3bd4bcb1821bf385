"""F44, F45 for the provider with Viber and SMS: killed around a send. Its ledger says how often it went
out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from connectors.http_sms.connector import HttpSms
from connectors.practice_provider.server import PracticeProvider
from hub.clock import Clock, SystemClock
from hub.settings import MessagingSettings, Settings
from tests.connectors.contract import connected
from tests.connectors.http_sms.stage import THEIRS, TURBOSMS, made, practice
from tests.faults.figures import Fault
from tests.modules.messaging.killed import Carrier, killed, recovered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def opened(base: str, clock: Clock, hours: float = 1.0) -> AsyncIterator[HttpSms]:
    """Connected to a provider that remembers our ids for so many hours."""
    link = made(replace(TURBOSMS, remembers_hours=hours), clock, api_base=base, timeout=10.0)
    async with connected(link):
        yield link


CARRIER = Carrier(opened, {"channel": "viber", "address": THEIRS})


async def ends(
    settings: Settings, folder: Path, provider: PracticeProvider, point: str, hours: float
) -> tuple[str, int]:
    """The state in which a message ends whose sender was killed, and how often it went out."""
    before = len(provider.account.sent())
    message_id = await killed(settings, folder, CARRIER, provider.base, point)
    async with partial(opened, hours=hours)(provider.base, SystemClock()) as link:
        state = await recovered(settings, folder, link, message_id)
    return state, len(provider.account.sent()) - before


@pytest.mark.fault("F44")
@pytest.mark.parametrize("point", ["queued", "claimed"])
async def test_a_kill_before_the_provider_has_it_loses_nothing_and_doubles_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as provider:
        for number in range(fault.count(full=100, sample=1)):
            told = await ends(settings, tmp_path, provider, point, 1.0)
            fault.check(f"{point} {number}: {told}", told == ("sent", 1))


@pytest.mark.fault("F45")
@pytest.mark.parametrize(("hours", "state"), [(1.0, "sent"), (0.0, "unknown")])
async def test_a_kill_after_the_provider_has_it_sends_nothing_twice(
    settings: Settings, tmp_path: Path, fault: Fault, hours: float, state: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as provider:
        for number in range(fault.count(full=100, sample=1)):
            told = await ends(settings, tmp_path, provider, "sent", hours)
            fault.check(f"sent {number}: {told}", told == (state, 1))
