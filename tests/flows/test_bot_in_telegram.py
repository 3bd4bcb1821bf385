"""The bot and the staff's group over the practice Telegram's HTTP: what people read there, by its ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.practice_telegram.server import PracticeTelegram
from connectors.practice_telegram.world import Group
from connectors.telegram.connector import Telegram
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.access.api import AccessApi
from hub.modules.alerts.api import AlertEntry, AlertsApi
from hub.settings import MessagingSettings, Settings
from tests.connectors.telegram.stage import IRYNA, config, practice
from tests.factories.crm import make_car, make_client
from tests.patience import within

PHONE = "+380971239876"


@dataclass
class Street:
    """A running hub, and everybody around its bot."""

    hub: Hub
    telegram: PracticeTelegram

    def said(self) -> list[str]:
        return [str(message.get("text")) for message in self.telegram.world.of_bot()]

    async def read(self, beginning: str) -> dict[str, Any]:
        """The bot's message that begins so, once it is there."""
        await until(lambda: any(text.startswith(beginning) for text in self.said()))
        found = [one for one in self.telegram.world.of_bot() if str(one.get("text")).startswith(beginning)]
        return dict(found[-1])


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(within(30)):
        while not is_so():
            await asyncio.sleep(0.02)


def payload(message: dict[str, Any], title: str) -> str:
    rows = message["reply_markup"]["inline_keyboard"]
    return next(str(row[0]["callback_data"]) for row in rows if row[0]["text"] == title)


@pytest.fixture
async def street(settings: Settings, tmp_path: Path) -> AsyncIterator[Street]:
    files = MessagingSettings(files=str(tmp_path / "attachments"), poll=0.1)
    clock = SystemClock()
    async with practice(clock) as telegram:
        link = Telegram(config(api_base=telegram.base), clock)
        journal = FileJournal(tmp_path / "journal", 30)
        hub = Hub(
            replace(settings, messaging=files), MODULES, clock=clock, journal=journal, connectors=[link],
            senders=[link],
        )  # fmt: skip
        await hub.open()
        await hub.start()
        try:
            await until(lambda: link.takes_messages)
            yield Street(hub, telegram)
        finally:
            await hub.stop()


@pytest.mark.slow
async def test_a_client_shares_the_number_and_reads_of_the_own_car(street: Street) -> None:
    client = await make_client(street.hub, "Ірина Коваль", PHONE)
    await make_car(street.hub, plate="АА1234ВВ", make="Škoda", model="Octavia", client_id=client.id)
    world, people = street.telegram.world, street.telegram.people
    iryna = world.person(IRYNA, "Ірина", PHONE)
    people.start(iryna)
    await street.read("Поділіться номером")
    people.share(iryna)
    thanks = await street.read("Дякуємо, тепер ми знаємо")
    cars = payload(thanks, "Мої авто")
    people.press(iryna, thanks["message_id"], cars)
    assert (await street.read("Ваші авто"))["text"] == "Ваші авто:\n• Škoda Octavia, АА1234ВВ"
    people.press(iryna, thanks["message_id"], cars)
    await street.read("Ви вже натискали цю кнопку")


@pytest.mark.slow
async def test_a_colleague_binds_the_group_and_the_own_account_and_takes_an_alert(street: Street) -> None:
    deps, world, people = street.hub.installation.deps, street.telegram.world, street.telegram.people
    async with street.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        code = await AlertsApi(uow, deps).groups.make_code(FIRST_SHOP)
        anna = await AccessApi(uow, deps).create_person(
            "Анна", "owner", extensions=["101"], login="anna", password_hash="x", language="uk"
        )
        link = await AlertsApi(uow, deps).accounts.link(anna.id)
    group, phone = Group(-100777, "Staff"), world.person(700, "Анна")
    world.groups[group.id] = group
    people.join(group, phone)
    people.say(group, phone, f"/pair {code}")
    await street.read("🔔 Відтепер")
    people.start(phone, link.url.rpartition("=")[2])
    await street.read("Добрий день, Анна.")
    async with street.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await AlertsApi(uow, deps).tell(AlertEntry(kind="test", cause="test:1", shop_id=FIRST_SHOP))
    alert = await street.read("🔔 Перевірка")
    people.press(phone, alert["message_id"], payload(alert, "✋ Беру"), group.id)
    await until(lambda: any("✋ бере Анна" in text for text in street.said()))
    assert sum(text.startswith("🔔 Перевірка") for text in street.said()) == 1
