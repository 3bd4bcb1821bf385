"""A hub that is killed under a flood of requests has what it acknowledged: Twilio's, the bot's, the reports
of the provider with Viber and SMS; and what it fetched from Telegram itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from random import Random

import aiohttp
import pytest

from connectors.practice_provider.account import PracticeShortMessage
from connectors.practice_provider.server import PracticeProvider
from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from connectors.telegram.config import HOOK_PATH
from connectors.telegram.verify import HEADER
from connectors.twilio_sms.config import SMS_PATH
from hub.clock import SystemClock
from tests.connectors.http_sms import stage as provider_stage
from tests.connectors.telegram import stage as telegram_stage
from tests.connectors.twilio_sms.stage import ACCOUNT, OURS, PUBLIC, TOKEN, signature
from tests.faults.figures import Fault
from tests.faults.sms_shop import form, in_threads, states_of_ours
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
AT_ONCE = 16
Bring = Callable[[aiohttp.ClientSession, int], Awaitable[int]]
"""Brings the request with this number; the status of its answer."""
WORDS = {"ENROUTE": 0, "DELIVRD": 1, "READ": 2}
RANKS = {"sent": 0, "delivered": 1, "read": 2}


async def flood(http: aiohttp.ClientSession, bring: Bring, first: int, acknowledged: list[int]) -> None:
    """Requests as fast as they are answered, until nobody answers any more."""
    for number in range(first, first + 100_000):
        try:
            if await bring(http, number) == 200:
                acknowledged.append(number)
        except aiohttp.ClientError:
            return


async def killed_under_flood(hub: HubProcess, bring: Bring, run: int, chance: Random) -> list[int]:
    """What was acknowledged before the kill, which comes at any moment."""
    acknowledged: list[int] = []
    async with aiohttp.ClientSession() as http:
        floods = [
            asyncio.create_task(flood(http, bring, run * 10_000_000 + place * 100_000, acknowledged))
            for place in range(AT_ONCE)
        ]
        while len(acknowledged) < 20:
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.random() * 0.1)
        hub.kill()
        await asyncio.gather(*floods)
    return acknowledged


def judge(fault: Fault, acknowledged: Sequence[str], found: Mapping[str, int]) -> None:
    """What was acknowledged against how often it stands in the threads."""
    fault.measure("lost", sum(one not in found for one in acknowledged), 0)
    fault.measure("doubled", sum(times - 1 for times in found.values()), 0)
    for one in acknowledged:
        fault.check(f"{one} is lost", one in found)


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

    async def bring(http: aiohttp.ClientSession, number: int) -> int:
        body = form(number)
        headers = {
            "X-Twilio-Signature": signature(PUBLIC + SMS_PATH, body),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with http.post(hub.url + SMS_PATH, data=body.encode(), headers=headers) as answer:
            return answer.status

    acknowledged: list[int] = []
    for number, chance in enumerate(fault.runs(full=500, sample=2)):
        await hub.start()
        acknowledged += await killed_under_flood(hub, bring, number, chance)
    await hub.start()
    try:
        found = await in_threads(database_url, 120 + len(acknowledged) / 20)
    finally:
        await hub.stop()
        await twilio.stop()
    judge(fault, [f"SM{one:032x}" for one in acknowledged], found)


@pytest.mark.fault("F46")
async def test_an_update_of_the_bot_that_was_acknowledged_before_a_kill_is_there(
    fault: Fault, tmp_path: Path, database_url: str
) -> None:
    async with telegram_stage.practice() as telegram:
        settings = bot_settings(tmp_path, telegram.base) | {
            "HUB_TELEGRAM__WEBHOOK_SECRET": telegram_stage.SECRET, "HUB_SERVER__PUBLIC_URL": PUBLIC,
        }  # fmt: skip
        hub = HubProcess(tmp_path, settings, database_url=database_url)

        async def bring(http: aiohttp.ClientSession, number: int) -> int:
            update = telegram_stage.sample("text") | {"update_id": number}
            update["message"] = update["message"] | {"message_id": number, "text": f"n{number}"}
            headers = {HEADER: telegram_stage.SECRET, "Content-Type": "application/json"}
            body = json.dumps(update).encode()
            async with http.post(hub.url + HOOK_PATH, data=body, headers=headers) as answer:
                return answer.status

        acknowledged: list[int] = []
        for number, chance in enumerate(fault.runs(full=100, sample=1)):
            await hub.start()
            acknowledged += await killed_under_flood(hub, bring, number, chance)
        await hub.start()
        try:
            found = await in_threads(database_url, 120 + len(acknowledged) / 20)
        finally:
            await hub.stop()
    fault.measure("lost", sum(str(one) not in found for one in acknowledged), 0)
    fault.measure("doubled", sum(times - 1 for times in found.values()), 0)
    for one in acknowledged:
        fault.check(f"{one} is lost", str(one) in found)


@pytest.mark.fault("F46")
async def test_an_update_that_was_fetched_before_a_kill_is_there(
    fault: Fault, tmp_path: Path, database_url: str
) -> None:
    async with telegram_stage.practice() as telegram:
        world = telegram.world
        iryna = world.people[telegram_stage.IRYNA]
        hub = HubProcess(tmp_path, bot_settings(tmp_path, telegram.base), database_url=database_url)
        written: list[str] = []

        async def writes() -> None:
            for number in count():
                update = telegram.people.write(iryna, f"n{number}")
                written.append(str(update["message"]["message_id"]))
                await asyncio.sleep(0.005)

        for chance in fault.runs(full=100, sample=1):
            await hub.start()
            before = len(written) - len(world.updates)
            writing = asyncio.create_task(writes())
            while len(written) - len(world.updates) <= before:  # until the first ones are confirmed
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.random() * 0.3)
            hub.kill()
            writing.cancel()
        await hub.start()
        try:
            while world.updates:
                await asyncio.sleep(0.05)
            found = await in_threads(database_url, 120 + len(written) / 20)
        finally:
            await hub.stop()
    judge(fault, written, found)


@pytest.mark.fault("F46")
async def test_a_report_of_the_provider_that_was_acknowledged_before_a_kill_has_its_effect(
    fault: Fault, tmp_path: Path, database_url: str
) -> None:
    async with provider_stage.practice() as provider:
        settings = {
            "HUB_HTTP_SMS__TOKEN": provider_stage.TOKEN, "HUB_HTTP_SMS__API_BASE": provider.base,
            "HUB_HTTP_SMS__WEBHOOK_SECRET": provider_stage.SECRET,
            "HUB_HTTP_SMS__SMS_SENDER": provider_stage.SENDER,
            "HUB_HTTP_SMS__VIBER_SENDER": provider_stage.VIBER, "HUB_OUTBOUND__ALLOWED_HOSTS": "127.0.0.1",
            "HUB_SERVER__PUBLIC_URL": PUBLIC, "HUB_MESSAGING__FILES": str(tmp_path / "files"),
        }  # fmt: skip
        hub = HubProcess(tmp_path, settings, database_url=database_url)
        furthest: dict[str, int] = {}
        for number, chance in enumerate(fault.runs(full=100, sample=1)):
            await hub.start()
            for place in range(AT_ONCE):
                phone = f"+38067{number * AT_ONCE + place:07d}"
                await hub.post("/messages", {"channel": "viber", "address": phone, "text": "Готово"})
            made = await sent_by(provider, database_url, (number + 1) * AT_ONCE)

            async def bring(
                http: aiohttp.ClientSession, number: int, made: list[PracticeShortMessage] = made
            ) -> int:
                """Each of the flood has a message of its own, and tells of it further and further."""
                one = made[number // 100_000 % AT_ONCE]
                word = list(WORDS)[min(number % 100_000, len(WORDS) - 1)]
                report = provider.report_of(one, word, f"event-{number}")
                async with http.post(hub.url + "/hooks/http_sms", json=report) as answer:
                    return answer.status

            for report in await killed_under_flood(hub, bring, number, chance):
                told = made[report // 100_000 % AT_ONCE].id
                furthest[told] = max(furthest.get(told, 0), min(report % 100_000, len(WORDS) - 1))
        await hub.start()
        try:
            await in_threads(database_url, 240)
            states = await states_of_ours(database_url)
        finally:
            await hub.stop()
    lost = [one for one, rank in furthest.items() if RANKS.get(states.get(one, ""), -1) < rank]
    fault.measure("lost", len(lost), 0)
    fault.measure("sent twice", len(provider.account.sent()) - len(states), 0)
    for one in furthest:
        fault.check(f"{one} is {states.get(one)}", one not in lost)


def bot_settings(folder: Path, base: str) -> dict[str, str]:
    """Of a shop with a bot alone."""
    return {
        "HUB_TELEGRAM__TOKEN": telegram_stage.TOKEN, "HUB_TELEGRAM__API_BASE": base,
        "HUB_MESSAGING__FILES": str(folder / "files"),
    }  # fmt: skip


async def sent_by(provider: PracticeProvider, url: str, wanted: int) -> list[PracticeShortMessage]:
    """The messages of this run, once the hub has noted that they went out."""
    while len(await states_of_ours(url)) < wanted:
        await asyncio.sleep(0.1)
    return provider.account.sent()[-AT_ONCE:]
