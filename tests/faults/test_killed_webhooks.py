"""A hub that is killed under a flood of requests has what it acknowledged."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import aiohttp
import pytest

from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from connectors.twilio_sms.config import SMS_PATH
from hub.clock import SystemClock
from tests.connectors.twilio_sms.stage import ACCOUNT, OURS, PUBLIC, TOKEN, signature
from tests.faults.figures import Fault
from tests.faults.sms_shop import form, in_threads
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
AT_ONCE = 16


async def flood(http: aiohttp.ClientSession, url: str, first: int, acknowledged: list[str]) -> None:
    """Messages as fast as they are answered, until nobody answers any more."""
    for number in range(first, first + 100_000):
        body = form(number)
        headers = {
            "X-Twilio-Signature": signature(PUBLIC + SMS_PATH, body),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            async with http.post(url + SMS_PATH, data=body.encode(), headers=headers) as answer:
                if answer.status == 200:
                    acknowledged.append(f"SM{number:032x}")
        except aiohttp.ClientError:
            return


async def killed_under_flood(hub: HubProcess, first: int, chance: Random) -> list[str]:
    """What was acknowledged before the kill, which comes at any moment."""
    acknowledged: list[str] = []
    async with aiohttp.ClientSession() as http:
        floods = [
            asyncio.create_task(flood(http, hub.url, first + place * 100_000, acknowledged))
            for place in range(AT_ONCE)
        ]
        while len(acknowledged) < 20:
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.random() * 0.1)
        hub.kill()
        await asyncio.gather(*floods)
    return acknowledged


@pytest.mark.fault("F46")
async def test_what_was_acknowledged_before_a_kill_is_there(
    fault: Fault, tmp_path: Path, database_url: str
) -> None:
    twilio = PracticeTwilio(Account(ACCOUNT, [TOKEN], SystemClock()), public=PUBLIC)
    await twilio.start()
    settings = {
        "HUB_TWILIO__ACCOUNT_SID": ACCOUNT, "HUB_TWILIO__AUTH_TOKEN": TOKEN, "HUB_TWILIO__FROM_NUMBER": OURS,
        "HUB_TWILIO__API_BASE": twilio.base, "HUB_SERVER__PUBLIC_URL": PUBLIC,
        "HUB_MESSAGING__FILES": str(tmp_path / "files"),
    }  # fmt: skip
    hub = HubProcess(tmp_path, settings, database_url=database_url)
    acknowledged: list[str] = []
    for number, chance in enumerate(fault.runs(full=500, sample=2)):
        await hub.start()
        acknowledged += await killed_under_flood(hub, number * 10_000_000, chance)
    await hub.start()
    try:
        found = await in_threads(database_url, 120 + len(acknowledged) / 20)
    finally:
        await hub.stop()
        await twilio.stop()
    fault.measure("lost", sum(one not in found for one in acknowledged), 0)
    fault.measure("doubled", sum(count - 1 for count in found.values()), 0)
    for one in acknowledged:
        fault.check(f"{one} is lost", one in found)
