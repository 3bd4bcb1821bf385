"""F44, F45 for Telegram, which cannot be asked what it has: killed around a send. Its ledger says how often
the message went out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.practice_telegram.server import PracticeTelegram
from hub.clock import FrozenClock, SystemClock
from hub.settings import MessagingSettings, Settings
from tests.connectors.telegram.stage import Line, line, practice
from tests.faults.figures import Fault
from tests.modules.messaging.wire import House, house_of

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(120)]
ROOT = Path(__file__).resolve().parents[3]


async def killed(settings: Settings, folder: Path, base: str, point: str) -> str:
    """Run the process until it is dead; the id of its message."""
    command = (
        sys.executable, "-m", "tests.connectors.telegram.killed", settings.database.url, str(folder), base,
        point,
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    return next(one for one in out.decode().splitlines() if len(one) == 26)


@asynccontextmanager
async def again(
    settings: Settings, folder: Path, up: Line, clock: FrozenClock
) -> AsyncIterator[House]:  # fmt: skip
    """Started anew."""
    async with house_of(settings, clock, folder, up.connector) as house:
        yield house


async def recover(settings: Settings, folder: Path, telegram: PracticeTelegram, message_id: str) -> str:
    """Start again and let time pass; the state in which the message ends."""
    clock = FrozenClock(SystemClock().now() + timedelta(seconds=1))
    async with line(telegram) as up, again(settings, folder, up, clock) as house:
        sender = house.sender()
        for _ in range(6):
            await house.sent(sender)
            clock.advance(400)
        return (await house.message(message_id)).state


@pytest.mark.fault("F44", "F45")
@pytest.mark.parametrize(
    ("point", "ends", "went"), [("queued", "sent", 1), ("claimed", "unknown", 0), ("sent", "unknown", 1)]
)
async def test_a_kill_around_a_send_doubles_nothing_and_hides_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str, ends: str, went: int
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as telegram:
        for number in range(fault.count(full=100, sample=1)):
            before = len(telegram.world.noted("sent"))
            message_id = await killed(settings, tmp_path, telegram.base, point)
            state = await recover(settings, tmp_path, telegram, message_id)
            told = (state, len(telegram.world.noted("sent")) - before)
            fault.check(f"{point} {number}: {told}", told == (ends, went))
