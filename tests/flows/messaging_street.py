"""A shop of real parts that clients ring and write to: the hub as a process of its own, the practice exchange
on its AMI line, the practice Twilio and Telegram on their HTTP. What clients got is read in the ledgers."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from connectors.loopback import bind_loopback
from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.script import VERBS
from connectors.practice_pbx.server import AmiServer
from connectors.practice_pbx.stage import Stage
from connectors.practice_telegram.server import PracticeTelegram
from connectors.practice_telegram.world import Person
from connectors.practice_twilio.account import Account, PracticeMessage
from connectors.practice_twilio.server import PracticeTwilio
from hub.clock import SystemClock
from hub.kernel.context import UnitOfWork
from hub.kernel.installation import Installation
from hub.main import opened_hub
from hub.modules.access.api import AccessApi, hash_password
from hub.modules.autotexts.api import RECIPES, TEXT_BACK, AutoTextsApi
from hub.modules.consents.api import ConsentEntry, ConsentsApi, ContactRules, Quiet, Subject
from hub.modules.crm.api import ClientEntry, CrmApi, ImportedRow, PhoneEntry
from hub.modules.messaging.api import MessagingApi, TemplateEntry
from hub.settings import DatabaseSettings, JournalSettings, Settings
from tests.connectors.telegram.stage import practice
from tests.connectors.twilio_sms.stage import ACCOUNT, TOKEN
from tests.factories.site import token_of
from tests.flows.hub_process import HubProcess
from tests.patience import within

OURS, PASSWORD = "+380441234567", "correct-horse-battery"
GO, NOT_ASKED, WITHDRAWN, LANDLINES = 212, 60, 38, 30
DELAY = 5
"""Seconds that the text to whoever rang in vain waits; the ready rule waits 15."""
_LINK = re.compile(r"https://t\.me/practice_shop_bot\?start=([A-Za-z0-9_-]+)")
_NEVER = Quiet(begins="00:00", ends="00:00")
_USER, _SECRET = "pitline", "the-practice-secret"


@dataclass
class Street:
    """Everything, running."""

    hub: HubProcess
    exchange: Exchange
    twilio: PracticeTwilio
    telegram: PracticeTelegram
    browser: Browser

    async def is_at_rest(self) -> None:
        """The hub has worked off what the morning brought, and both messengers are connected."""
        headers = {"Authorization": f"Bearer {self.hub.token}"}
        async with asyncio.timeout(200), aiohttp.ClientSession(headers=headers) as http:
            while True:
                async with http.get(f"{self.hub.url}/metrics") as answer:
                    text = await answer.text()
                ready = await self.hub.ready()
                states = {name: one["state"] for name, one in ready["connectors"].items()}
                is_quiet = re.search(r"^pitline_deliveries_pending 0(\.0)?$", text, re.MULTILINE) is not None
                if is_quiet and all(states.get(one) == "ready" for one in ("ami", "twilio", "telegram")):
                    return
                await asyncio.sleep(0.1)

    def rings(self, number: str) -> Conversation:
        """Somebody dials the shop; the phone of 101 rings."""
        call = Conversation(self.exchange, number)
        do(call, "caller dials_in 0443001122", "caller waits_in reception", "101 rings")
        return call

    async def missed(self, number: str) -> None:
        """They ring for longer than a slip of the finger, and hang up."""
        call = self.rings(number)
        await asyncio.sleep(0.6)
        do(call, "caller hangs_up")

    def texts(self, number: str, words: str = "") -> list[PracticeMessage]:
        """The SMS that a phone got."""
        return [one for one in self.twilio.account.sent() if one.to == number and words in one.body]

    def word_in(self, message: PracticeMessage) -> str:
        """The word of the bot's link in a text."""
        found = _LINK.search(message.body)
        assert found is not None, message.body
        return found[1]

    def person(self, number: str) -> Person:
        """Somebody with Telegram, whom the bot does not know."""
        return self.telegram.world.person(777000111, "Петро", number)

    async def screen(self, login: str, **more: Any) -> Page:
        """Somebody of the shop, signed in."""
        page = await (await self.browser.new_context(locale="uk-UA", **more)).new_page()
        await page.goto(f"{self.hub.url}/login")
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url(lambda address: "/login" not in address)
        return page


def do(call: Conversation, *deeds: str) -> None:
    """Words of the practice exchange's tables."""
    for deed in deeds:
        who, verb, *what = deed.split()
        VERBS[verb](call, who, " ".join(what))


async def until(is_so: Callable[[], bool], seconds: float = 20.0) -> float:
    """How long it took."""
    began = time.monotonic()
    async with asyncio.timeout(within(seconds)):
        while not is_so():
            await asyncio.sleep(0.02)
    return time.monotonic() - began


def number_of(place: int) -> str:
    fixed = place >= GO + NOT_ASKED + WITHDRAWN
    return f"+38044{2000000 + place}" if fixed else f"+38050{3000000 + place}"


@asynccontextmanager
async def open_street(folder: Path, browser: Browser) -> AsyncIterator[Street]:
    exchange = Exchange(shop_cast(), SystemClock(), random.Random(1))
    stage, listener = Stage(exchange, 1.0), bind_loopback()
    pbx = AmiServer(exchange, stage, _USER, _SECRET)
    twilio = PracticeTwilio(Account(ACCOUNT, [TOKEN], SystemClock()), public="", reports=True)
    async with AsyncExitStack() as stack:
        await pbx.start(listener)
        stack.push_async_callback(pbx.stop)
        await twilio.start()
        stack.push_async_callback(twilio.stop)
        telegram = await stack.enter_async_context(practice())
        hub = HubProcess(
            folder,
            {
                "HUB_SERVER__PUBLIC_URL": "{url}",
                "HUB_AMI__HOST": "127.0.0.1", "HUB_AMI__PORT": str(listener.getsockname()[1]),
                "HUB_AMI__USERNAME": _USER, "HUB_AMI__SECRET": _SECRET,
                "HUB_TWILIO__ACCOUNT_SID": ACCOUNT, "HUB_TWILIO__AUTH_TOKEN": TOKEN,
                "HUB_TWILIO__FROM_NUMBER": OURS, "HUB_TWILIO__API_BASE": twilio.base,
                "HUB_TELEGRAM__TOKEN": telegram.world.token, "HUB_TELEGRAM__API_BASE": telegram.base,
                "HUB_MESSAGING__FILES": str(folder / "files"), "HUB_MESSAGING__POLL": "0.2",
                "HUB_SHOP__SHORT_CALL_SECONDS": "0.2",
            },
        )  # fmt: skip
        twilio.public = twilio.reach = hub.url
        hub.use_token(await _fill(folder))
        await hub.start()
        stack.push_async_callback(hub.stop, 30.0)
        yield Street(hub, exchange, twilio, telegram, browser)


async def _fill(folder: Path) -> str:
    """The shop as it is on that morning: people, rules, 340 clients who want tyres (or do not). A token."""
    settings = replace(
        Settings(), database=DatabaseSettings(url=f"sqlite+aiosqlite:///{folder / 'hub.db'}"),
        journal=JournalSettings(folder=str(folder / "journal")),
    )  # fmt: skip
    hashed = await hash_password(PASSWORD)
    async with opened_hub(settings) as made:
        installation = made.installation
        deps, shop_id = installation.deps, installation.default_shop
        async with installation.transactions.writing(actor=None, shop_id=shop_id) as uow:
            access = AccessApi(uow, deps)
            for login, role, extensions in (("olena", "owner", []), ("anna", "manager", ["101"])):
                await access.create_person(
                    login.title(), role, extensions=extensions, login=login, password_hash=hashed,
                    is_one_time=False,
                )  # fmt: skip
            await ConsentsApi(uow, deps).gate.set_rules(
                ContactRules(service=_NEVER, marketing=_NEVER, rests_on_sunday=False)
            )
            ready = replace(RECIPES[TEXT_BACK], is_on=True, delay_seconds=DELAY)
            await AutoTextsApi(uow, deps).rules.save(ready)
            where = TemplateEntry(title="Адреса", text="Ми тут: {shop}", place=1, has_pin=True)
            await MessagingApi(uow, deps).templates.save(where)
        async with installation.transactions.writing(actor=None, shop_id=shop_id) as uow:
            await _clients(uow, installation)
        return await token_of(made)


async def _clients(uow: UnitOfWork, installation: Installation) -> None:
    """340, of whom 212 have agreed, 60 were never asked, 38 have withdrawn, 30 have a landline only."""
    crm, ledger = CrmApi(uow, installation.deps), ConsentsApi(uow, installation.deps).ledger
    rows = [
        ImportedRow(
            entry=ClientEntry(
                name=f"Клієнт {place}", phones=(PhoneEntry(number=number_of(place)),), segments=("tyres",)
            )
        )
        for place in range(GO + NOT_ASKED + WITHDRAWN + LANDLINES)
    ]
    for place, made in enumerate(await crm.bulk.take(rows)):
        if GO <= place < GO + NOT_ASKED:
            continue
        whose = Subject(client_id=made.client_id)
        await ledger.record(
            ConsentEntry(
                subject=whose, topic="marketing", act="granted", form="signature", evidence="sheet",
                source="desk",
            )
        )  # fmt: skip
        if GO + NOT_ASKED <= place < GO + NOT_ASKED + WITHDRAWN:
            await ledger.choose(whose, "marketing_off")
