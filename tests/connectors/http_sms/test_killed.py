"""F44, F45 for the provider with Viber and SMS: killed around a send. Its ledger says how often it went
out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.practice_provider.server import PracticeProvider
from hub.clock import FrozenClock, SystemClock
from hub.settings import MessagingSettings, Settings
from tests.connectors.contract import Heard
from tests.connectors.http_sms.stage import TURBOSMS, made, practice
from tests.faults.figures import Fault
from tests.modules.messaging.wire import house_of

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(120)]
ROOT = Path(__file__).resolve().parents[3]


async def killed(settings: Settings, folder: Path, base: str, point: str) -> str:
    """Run the process until it is dead; the id of its message."""
    command = (
        sys.executable, "-m", "tests.connectors.http_sms.killed", settings.database.url, str(folder), base,
    point, )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    return next(line for line in out.decode().splitlines() if len(line) == 26)


async def recover(
    settings: Settings, folder: Path, provider: PracticeProvider, message_id: str, hours: float
) -> str:
    """Start again and let time pass; the state in which the message ends."""
    clock = FrozenClock(SystemClock().now() + timedelta(seconds=1))
    link = made(replace(TURBOSMS, remembers_hours=hours), clock, api_base=provider.base)
    heard = Heard()
    running = asyncio.create_task(link.run(heard, heard))
    await heard.until(lambda: link.takes_messages)
    try:
        async with house_of(settings, clock, folder, link) as house:
            sender = house.sender()
            for _ in range(6):
                await house.sent(sender)
                clock.advance(400)
            return (await house.message(message_id)).state
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.fault("F44")
@pytest.mark.parametrize("point", ["queued", "claimed"])
async def test_a_kill_before_the_provider_has_it_loses_nothing_and_doubles_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as provider:
        for number in range(fault.count(full=100, sample=1)):
            before = len(provider.account.sent())
            message_id = await killed(settings, tmp_path, provider.base, point)
            state = await recover(settings, tmp_path, provider, message_id, 1.0)
            went = len(provider.account.sent()) - before
            fault.check(f"{point} {number}", (state, went) == ("sent", 1))


@pytest.mark.fault("F45")
@pytest.mark.parametrize(("hours", "ends"), [(1.0, "sent"), (0.0, "unknown")])
async def test_a_kill_after_the_provider_has_it_sends_nothing_twice(
    settings: Settings, tmp_path: Path, fault: Fault, hours: float, ends: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as provider:
        for number in range(fault.count(full=100, sample=1)):
            before = len(provider.account.sent())
            message_id = await killed(settings, tmp_path, provider.base, "sent")
            state = await recover(settings, tmp_path, provider, message_id, hours)
            went = len(provider.account.sent()) - before
            fault.check(f"sent {number}", (state, went) == (ends, 1))
