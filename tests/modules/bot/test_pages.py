"""The bot in the API, and entries of other modules in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.bot import BotAnswer, BotChoice, BotMenu, BotTalk
from hub.kernel.clients import Erasure
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS
from hub.modules.catalogue import MODULES
from hub.settings import Settings
from tests.factories.crm import make_client
from tests.factories.site import get_json, send_json, site_of
from tests.modules.bot.stage import BotWire, chat, hear, payload, titles
from tests.modules.messaging.wire import IRYNA, House


async def trucks(talk: BotTalk) -> BotAnswer:
    """An entry that another module brings along: a list, and a button for each."""
    if not talk.argument:
        choice = BotChoice(title="MAN", menu="fleet.trucks", argument="man-1")
        return BotAnswer(text=f"Trucks of {talk.client_id}", choices=(choice,), has_menu=False)
    return BotAnswer(text=f"This one: {talk.argument}", has_menu=False)


def fleet(folder: Path) -> Module:
    menu = BotMenu(name="fleet.trucks", title="Trucks", answer=trucks, order=5)
    ready = BotMenu(name="fleet.ready", title="State of repair", answer=trucks, order=6, slot="ready")
    return Module(name="fleet", title="Fleet", folder=folder, feature=BASIS, bot=(menu, ready))


@asynccontextmanager
async def house_with(
    modules: tuple[Module, ...], settings: Settings, clock: FrozenClock, folder: Path, wire: BotWire
) -> AsyncIterator[House]:
    journal = FileJournal(folder / "journal", 30)
    hub = Hub(settings, modules, clock=clock, journal=journal, senders=[wire])
    await hub.open()
    yield House(hub, wire, clock, _told=len(wire.ledger) * 10)  # another house's facts have other names
    await hub.close()


async def test_another_module_adds_entries_and_knows_better_in_a_slot(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: BotWire
) -> None:
    modules = (*MODULES, fleet(tmp_path / "fleet"))
    async with house_with(modules, settings, frozen_clock, tmp_path, wire) as house:
        iryna = await make_client(house.hub, "Iryna", IRYNA)
        (thanks,) = await hear(house, chat(phone=IRYNA, language="en"))
        assert titles(thanks) == ["Trucks", "State of repair", "My cars", "Where are you?", "Offers and news"]
        (listed,) = await hear(house, chat(2, pressed=payload(thanks, "Trucks"), language="en"))
        assert (listed.text, titles(listed)) == (f"Trucks of {iryna.id}", ["MAN"])
        (one,) = await hear(house, chat(3, pressed=payload(listed, "MAN"), language="en"))
        assert (one.text, one.buttons) == ("This one: man-1", ())
    async with house_with(MODULES, settings, frozen_clock, tmp_path, wire) as house:
        gone = payload(thanks, "State of repair")
        (told,) = await hear(house, chat(4, pressed=gone, language="en"))
        assert told.text.startswith("This button does not work any more.")
        assert titles(told) == ["Is my car ready?", "My cars", "Where are you?", "Offers and news"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "bot.whom"),
        ({"client_id": "nobody"}, 404, "crm.client_unknown"),
        ({"number": "KYIVSTAR"}, 422, "bot.number"),
    ],
)
async def test_a_link_for_nobody_is_refused(
    house: House, body: dict[str, str], status: int, code: str
) -> None:
    site = await site_of(house.hub)
    found, answer = await send_json(site, "POST", "/api/v1/bot/links", body)
    await site.close()
    assert (found, answer["error"]["code"]) == (status, code)


async def test_a_program_gets_a_link_for_a_client(house: House, wire: BotWire) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    site = await site_of(house.hub)
    status, made = await send_json(site, "POST", "/api/v1/bot/links", {"client_id": iryna.id})
    assert (status, made["url"][:27]) == (201, "https://t.me/shop_bot?start")
    wire.name = ""
    status, answer = await send_json(site, "POST", "/api/v1/bot/links", {"number": IRYNA})
    assert (status, answer["error"]["code"]) == (409, "bot.none")
    await hear(house, chat(start=made["url"].rpartition("=")[2]))
    _, threads = await get_json(site, "/api/v1/conversations")
    assert [one["client_id"] for one in threads["items"]] == [iryna.id]
    await site.close()


async def test_links_of_a_client_who_is_erased_are_erased(house: House) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    site = await site_of(house.hub)
    _, made = await send_json(site, "POST", "/api/v1/bot/links", {"client_id": iryna.id})
    await site.close()
    records = house.hub.installation.deps.clients["bot"]
    who = Erasure(client_ids=frozenset({iryna.id}), numbers=frozenset(), until=house.clock.now())
    assert await house.hub.database.write(lambda connection: records.erase(connection, who)) == 1
    refused, _ = await hear(house, chat(start=made["url"].rpartition("=")[2]))
    assert refused.text.startswith("Эта ссылка больше не действует.")
