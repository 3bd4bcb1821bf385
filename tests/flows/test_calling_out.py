"""Calls by a click in a real Chromium, on a real line to a scripted PBX whose ledger holds every order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.connectors.ami.ami_server import AmiServer, Script, frame, serving
from tests.connectors.ami.hub_side import until
from tests.factories.tasks import open_hours
from tests.flows.browser import chromium
from tests.flows.desk_shop import FAMILY, IRYNA, Shop, open_shop
from tests.modules.dialling.shop import RIGHTS
from tests.patience import within

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[AmiServer]:
    async with serving(Script(rights=RIGHTS)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, pbx: AmiServer) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("calling")
    async with chromium() as browser, open_shop(folder, browser, pbx) as shop:
        await open_hours(shop.hub, 0, 24)
        await until(lambda: pbx.actions("listcommands"))
        yield shop


async def bar(page: Page, words: str) -> None:
    await expect(page.locator("#dial-bar")).to_contain_text(words, timeout=1000 * within(5))


def refuse(pbx: AmiServer) -> None:
    """The newest Originate rang a phone that is not there."""
    sent = pbx.actions("originate")[-1]
    said = {
        "ActionID": sent["actionid"], "Response": "Failure", "Channel": sent["channel"],
        "Context": sent["context"], "Exten": sent["exten"], "Reason": "0", "Uniqueid": "<null>",
        "CallerIDNum": "<unknown>",
    }  # fmt: skip
    pbx.session.send(frame("Event: OriginateResponse", **said))


async def test_however_often_a_number_is_clicked_one_call_goes_out(shop: Shop, pbx: AmiServer) -> None:
    before = len(pbx.actions("originate"))
    async with shop.screen("oksana") as page:
        await page.goto(f"{shop.url}/clients/{shop.clients['iryna'].id}")
        number = page.locator(f'a[href="tel:{IRYNA}"]').first
        for _ in range(3):
            await number.click()
        await bar(page, "Your phone 101 rings")
        # Another page, another tab: the same order, and no second one.
        await page.goto(f"{shop.url}/clients")
        await bar(page, "Your phone 101 rings")
        await page.locator(f'a[href="tel:{IRYNA}"]').first.click()
        refuse(pbx)
        await bar(page, "Your phone is not connected to the PBX.")
        assert len(pbx.actions("originate")) == before + 1


async def test_a_click_without_a_network_is_said_and_the_next_one_is_the_same_call(
    shop: Shop, pbx: AmiServer
) -> None:
    before = len(pbx.actions("originate"))
    async with shop.screen("ihor") as page:
        await page.goto(f"{shop.url}/clients/{shop.clients['petro'].id}")
        number = page.locator(f'a[href="tel:{FAMILY}"]').first
        sent: list[str] = []
        await page.route(
            "**/dialling/call", lambda route: (sent.append(route.request.post_data or ""), route.abort())[1]
        )
        await number.click()
        await expect(page.locator("#toasts")).to_contain_text("The hub cannot be reached")
        await page.unroute("**/dialling/call")
        page.on(
            "request",
            lambda one: sent.append(one.post_data or "") if one.url.endswith("/dialling/call") else None,
        )
        await number.click()
        await bar(page, "Your phone 102 rings")
        assert len(sent) == 2
        assert sent[0] == sent[1], "the same key"
        assert len(pbx.actions("originate")) == before + 1
        refuse(pbx)
        await bar(page, "is not connected")


async def test_what_may_not_be_dialled_is_said_in_words(shop: Shop, pbx: AmiServer) -> None:
    before = len(pbx.actions("originate"))
    async with shop.screen("oksana") as page:
        detail = "{detail: {number: '+48221234567'}}"
        await page.evaluate(f"document.dispatchEvent(new CustomEvent('pitline:call', {detail}))")
        await expect(page.locator("#toasts")).to_contain_text(
            "Numbers of this country are not dialled from here."
        )
        assert len(pbx.actions("originate")) == before


async def test_an_order_whose_answer_is_lost_is_unknown_until_the_pbx_is_compared(
    shop: Shop, pbx: AmiServer
) -> None:
    before = len(pbx.actions("originate"))
    pbx.script.silent.add("Originate")
    async with shop.screen("oksana") as page:
        await page.goto(f"{shop.url}/clients/{shop.clients['petro'].id}")
        await page.locator(f'a[href="tel:{FAMILY}"]').first.click()
        await bar(page, "is not known")
        pbx.session.reset()
        await bar(page, "the PBX shows no such call now")
        assert len(pbx.actions("originate")) == before + 1
    pbx.script.silent.clear()


async def test_the_key_of_a_task_takes_it_in_hand_and_rings_them(shop: Shop, pbx: AmiServer) -> None:
    call = shop.call("+380631112200")
    await call.begins()
    await call.rings("101")
    await call.ends("missed")
    before = len(pbx.actions("originate"))
    async with shop.screen("oksana") as oksana, shop.screen("ihor") as ihor:
        await oksana.goto(f"{shop.url}/tasks")
        await ihor.goto(f"{shop.url}/tasks")
        await expect(oksana.locator("[data-row]")).to_have_count(1)
        await oksana.keyboard.press("c")
        await expect(ihor.locator("[data-claimed]")).to_contain_text("101 Оксана Рецепція is calling")
        await bar(oksana, "Your phone 101 rings")
        sent = pbx.actions("originate")[before:]
        assert [(one["channel"], one["exten"]) for one in sent] == [("PJSIP/101", "0631112200")]
        assert sent[0]["variable"].startswith("PITLINE_LINE=")
        refuse(pbx)
        await bar(oksana, "is not connected")
        await expect(oksana.locator("[data-tries]")).to_have_count(0)
