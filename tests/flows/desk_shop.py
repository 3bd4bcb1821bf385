"""A shop with people and clients on a real hub with its real web admin, and screens to look at.

No PBX is needed: facts come in through the real intake, as the tracker would send them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, expect
from yarl import URL

from connectors.ami.config import AmiWaits
from connectors.ami.connector import AmiConnector
from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.kernel.context import UnitOfWork
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.modules.access.api import AccessApi, hash_password, prepare
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientEntry, ClientView, CrmApi, PhoneEntry, VehicleEntry
from hub.ports.messaging import MessageSender
from hub.settings import DatabaseSettings, JournalSettings, RecordingsSettings, ServerSettings, Settings
from tests.connectors.ami.ami_server import AmiServer
from tests.connectors.ami.hub_side import QUICK, config_for
from tests.flows.browser import Faults
from tests.modules.desk.telling import LINE, Telling
from tests.patience import shown_within, within
from webui.app import make_app

PASSWORD = "correct horse battery staple"
IRYNA = "+380501234567"
FAMILY = "+380671112233"
NOBODY = "+380931234567"
MOBILE = "+380679998877"


class Hand:
    """A signed-in person who speaks HTTP; keeps the form token of the last page."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http
        self.token = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self.http.get(URL(path, encoded=True), headers=headers) as answer:
            text = await answer.text()
            found = re.search(r'name="csrf" value="(\w+)"', text)
            self.token = found[1] if found else self.token
            return answer.status, text, answer.headers

    async def post(self, path: str, **fields: str) -> tuple[int, dict[str, Any]]:
        """As the desk's scripts do: JSON back."""
        body, headers = {"csrf": self.token, **fields}, {"Accept": "application/json"}
        async with self.http.post(URL(path, encoded=True), data=body, headers=headers) as answer:
            return answer.status, await answer.json()


@dataclass
class Shop:
    """A running shop. `people` is by log-in."""

    hub: Hub
    url: str
    clock: Clock
    browser: Browser | None = None
    people: dict[str, str] = field(default_factory=dict)
    clients: dict[str, ClientView] = field(default_factory=dict)
    told: list[Telling] = field(default_factory=list)

    def call(self, from_number: str | None, **more: Any) -> Telling:
        """A call that is about to begin."""
        name = f"boot:17{len(self.told):05d}.{len(self.told)}"
        call = Telling(self.hub.intake, self.clock, name, from_number, **more)
        self.told.append(call)
        return call

    @property
    def live(self) -> list[Telling]:
        """The calls that go on."""
        return [call for call in self.told if call.call.state != "ended"]

    @asynccontextmanager
    async def screen(self, login: str, language: str = "en", **more: Any) -> AsyncIterator[Page]:
        """The desk on a browser of somebody who signed in."""
        assert self.browser is not None
        context = await self.browser.new_context(locale=language, **more)
        context.set_default_timeout(1000 * within(5))
        faults = Faults(context)
        page = await context.new_page()
        await page.goto(f"{self.url}/login")
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url(lambda address: "/login" not in address)
        await page.goto(f"{self.url}/desk")
        await expect(page.locator("#desk-state")).to_be_visible()
        try:
            yield page
        finally:
            await context.close()
        assert faults.seen == []

    @asynccontextmanager
    async def hand(self, login: str) -> AsyncIterator[Hand]:
        """Somebody signed in without a browser."""
        async with aiohttp.ClientSession(self.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            hand = Hand(http)
            await hand.get("/login")
            await hand.post("/login", login=login, password=PASSWORD)
            await hand.get("/desk")
            yield hand

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        installation = self.hub.installation
        async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
            yield uow


@asynccontextmanager
async def open_shop(
    folder: Path,
    browser: Browser | None = None,
    pbx: AmiServer | None = None,
    senders: Sequence[MessageSender] = (),
    clock: Clock | None = None,
    waits: AmiWaits = QUICK,
) -> AsyncIterator[Shop]:
    """The shop of the desk's stories, on a port of its own; with `pbx` it is connected to that, with `clock`
    it lives at that time."""
    settings = replace(
        Settings(),
        server=ServerSettings(port=0),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{folder}/hub.db"),
        journal=JournalSettings(folder=str(folder / "journal")),
        recordings=RecordingsSettings(store=str(folder / "recordings")),
    )
    clock = clock or SystemClock()
    journal = FileJournal(folder / "journal", 30)
    line = AmiConnector(config_for(pbx, waits), journal, clock) if pbx is not None else None
    lines = () if line is None else (line,)
    hub = Hub(
        settings, MODULES, clock=clock, journal=journal, connectors=lines, telephony=line, senders=senders
    )
    await hub.open()
    await prepare(hub.installation)
    await hub.start()
    runner = web.AppRunner(make_app(hub.installation), shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        shop = Shop(hub, f"http://127.0.0.1:{port}", clock, browser)
        await _furnish(shop)
        yield shop
    finally:
        await runner.cleanup()
        await hub.stop()


async def _furnish(shop: Shop) -> None:
    installation = shop.hub.installation
    secret = await hash_password(PASSWORD)
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        access = AccessApi(uow, installation.deps)
        for login, name, role, extensions, mobile in (
            ("owner", "Петро Власник", "owner", (), None),
            ("oksana", "Оксана Рецепція", "receptionist", ("101", "111"), MOBILE),
            ("ihor", "Ігор Рецепція", "receptionist", ("102",), None),
            ("andrii", "Андрій Майстер", "master", ("105",), None),
            ("vasyl", "Василь Механік", "mechanic", ("107",), None),
        ):
            person = await access.create_person(
                name, role, extensions=extensions, mobile=mobile, login=login, password_hash=secret,
                is_one_time=False, language="en",
            )  # fmt: skip
            shop.people[login] = person.id
        await CallsApi(uow, installation.deps).save_line(
            LINE, "Head line", "Google", installation.default_shop
        )
        await _clients(shop, CrmApi(uow, installation.deps))


async def _clients(shop: Shop, crm: CrmApi) -> None:
    for key, name, phone, tags, cars in (
        ("iryna", "Ірина Коваль", IRYNA, ("VIP",), (("Škoda", "Octavia", "АА1234ВВ", 2018),)),
        ("petro", "Петро Мельник", FAMILY, (), (("VW", "Golf", "КА7777ОО", 2012),)),
        ("olena", "Олена Мельник", FAMILY, (), (("Renault", "Duster", "ВІ0101АХ", 2020),)),
    ):
        entry = ClientEntry(name=name, phones=(PhoneEntry(number=phone, is_main=True),), tags=tags)
        client = await crm.create_client(entry)
        shop.clients[key] = client
        for make, model, plate, year in cars:
            car = VehicleEntry(make=make, model=model, plate=plate, year=year, client_id=client.id)
            await crm.create_vehicle(car)


def card(page: Page) -> Locator:
    return page.locator("article.desk-card")


def strips(page: Page) -> Locator:
    return page.locator(".desk-strip")


async def becomes(page: Page, state: str, seconds: float = 3.0) -> None:
    """The open card shows this state within so many seconds."""
    await expect(card(page)).to_have_attribute("data-state", state, timeout=shown_within(seconds))


async def closes(page: Page, seconds: float = 3.0) -> None:
    await expect(card(page)).to_have_count(0, timeout=shown_within(seconds))


async def put_away(*pages: Page) -> None:
    """End of a story: nothing of it stands in the way of the next one."""
    for page in pages:
        async with asyncio.timeout(within(5)):
            while await card(page).count():
                await page.evaluate("document.querySelector('[data-key=dismiss]')?.click()")
                await page.wait_for_timeout(30)
