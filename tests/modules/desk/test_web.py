"""The desk over HTTP: a real hub and web admin, people who sign in, facts through the intake."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from tests.flows.desk_shop import FAMILY, IRYNA, MOBILE, Hand, Shop, open_shop
from tests.modules.desk.telling import Telling
from tests.patience import within

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLYGLOTS = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "' autofocus onfocus='alert(1)",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "\u202eтекст\u2066",
    "a\r\nb\tc",
)


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with open_shop(folder) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oksana(shop: Shop) -> AsyncIterator[Hand]:
    async with shop.hand("oksana") as hand:
        yield hand


async def ringing(shop: Shop, hand: Hand, number: str | None, **more: Any) -> Telling:
    call = shop.call(number, **more)
    await call.begins()
    await call.rings("101")
    async with asyncio.timeout(within(3)):
        while f'data-card="{call.call.call_id}"' not in (await look(hand, call)):
            await asyncio.sleep(0.01)
    return call


async def look(hand: Hand, call: Telling) -> str:
    status, html, _ = await hand.get(f"/desk/state?open={quote(call.call.call_id, safe='')}")
    assert status == 200
    return html


def address(call: Telling, action: str) -> str:
    return f"/desk/calls/{quote(call.call.call_id, safe='')}/{action}"


async def test_the_state_has_a_tag_until_something_changes(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    _, _, headers = await oksana.get("/desk/state")
    again, body, later = await oksana.get("/desk/state", **{"If-None-Match": headers["ETag"]})
    assert (again, body) == (304, "")
    assert later["Server-Time"] > headers["Server-Time"]
    await call.ends("missed")
    async with asyncio.timeout(within(3)):
        while (await oksana.get("/desk/state", **{"If-None-Match": headers["ETag"]}))[0] == 304:
            await asyncio.sleep(0.01)


async def test_a_number_that_was_found_is_called_by_a_click(oksana: Hand) -> None:
    status, html, _ = await oksana.get(f"/desk/search?q={quote(IRYNA)}")
    assert status == 200
    assert f'href="tel:{IRYNA}"' in html


async def test_another_call_of_the_same_client_that_goes_on_is_not_said_to_have_ended(
    shop: Shop, oksana: Hand
) -> None:
    first, second = await ringing(shop, oksana, IRYNA), await ringing(shop, oksana, IRYNA)
    for call in (first, second):
        page = await look(oksana, call)
        assert "end not seen" not in page
        assert "кінець не видно" not in page
    for call in (first, second):
        await call.ends()


async def test_the_unsaved_note_of_a_call_that_became_a_part_of_another_goes_on_there(
    shop: Shop, oksana: Hand
) -> None:
    survivor, absorbed = await ringing(shop, oksana, IRYNA), await ringing(shop, oksana, MOBILE)
    here, there = absorbed.call.call_id, survivor.call.call_id
    await absorbed.becomes_part_of(survivor)
    asked = f"/desk/state?open={quote(here)}&keep={quote(here)}"
    async with asyncio.timeout(within(3)):
        while "data-became=" not in (html := (await oksana.get(asked))[1]):
            await asyncio.sleep(0.01)
    assert f'data-became=\'{{"{here}": "{there}"}}\'' in html
    assert f'data-draft="{there}"' in html
    assert f'data-card="{here}"' not in html
    await survivor.ends("missed")


async def test_putting_away_twice_is_once(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    for _ in range(2):
        status, _ = await oksana.post(address(call, "dismiss"), stage="ring", transfers="0")
        assert status == 200
    assert "data-card" not in await look(oksana, call)
    await call.ends("missed")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"stage": "none", "transfers": "0"}, "desk.form"),
        ({"stage": "ring", "transfers": "-1"}, "desk.form"),
        ({"stage": "ring", "transfers": "١"}, "desk.form"),
        ({"transfers": "0"}, "desk.form"),
    ],
)
async def test_a_broken_form_is_refused(shop: Shop, oksana: Hand, fields: dict[str, str], code: str) -> None:
    call = await ringing(shop, oksana, IRYNA)
    status, said = await oksana.post(address(call, "dismiss"), **fields)
    assert (status, said["error"]["code"]) == (422, code)
    await call.ends("missed")


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("dismiss", {"stage": "ring", "transfers": "0"}),
        ("notes", {"text": "a"}),
        ("client", {"client_id": ""}),
        ("create", {"name": "a"}),
        ("not-client", {"relation": "spam"}),
    ],
)
async def test_a_call_that_there_is_not_is_not_found(
    oksana: Hand, action: str, fields: dict[str, str]
) -> None:
    status, _ = await oksana.post(f"/desk/calls/nothing/{action}", **fields)
    assert status == 404


async def test_a_form_of_another_site_changes_nothing(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    status, _ = await oksana.post(address(call, "notes"), text="fremd", csrf="0" * 40)
    assert status == 403
    assert "fremd" not in await look(oksana, call)
    await call.ends("missed")


async def test_an_empty_note_says_so(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    status, said = await oksana.post(address(call, "notes"), text="  ")
    assert (status, said["error"]["code"]) == (422, "calls.note")
    await call.ends("missed")


async def test_the_same_note_sent_at_once_three_times_is_one(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    sent = [oksana.post(address(call, "notes"), text="раз") for _ in range(3)]
    assert [status for status, _ in await asyncio.gather(*sent)] == [200, 200, 200]
    async with shop.reading() as uow:
        notes = await CallsApi(uow, shop.hub.installation.deps).notes([call.call.call_id])
    assert [note.text for note in notes[call.call.call_id]] == ["раз"]
    await call.ends("missed")


async def test_creating_at_once_three_times_makes_one_client(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, "+380931230101")
    sent = [oksana.post(address(call, "create"), name="Тричі Тричі") for _ in range(3)]
    assert [status for status, _ in await asyncio.gather(*sent)] == [200, 200, 200]
    async with shop.reading() as uow:
        assert len(await CrmApi(uow, shop.hub.installation.deps).search("Тричі")) == 1
    await call.ends("missed")


async def test_somebody_new_may_share_a_known_number_when_the_candidates_were_seen(
    shop: Shop, oksana: Hand
) -> None:
    call = await ringing(shop, oksana, FAMILY)
    status, _ = await oksana.post(address(call, "create"), name="Син Мельник")
    assert status == 200
    assert "Син Мельник" in await look(oksana, call)
    await call.ends("missed")


async def test_marking_spam_twice_is_once(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, "+380931230102")
    for _ in range(2):
        status, _ = await oksana.post(address(call, "not-client"), relation="spam")
        assert status == 200
    assert "spam" in await look(oksana, call)
    await call.ends("missed")


async def test_a_clients_number_cannot_become_spam(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    status, said = await oksana.post(address(call, "not-client"), relation="spam")
    assert (status, said["error"]["code"]) == (409, "crm.number_of_client")
    await call.ends("missed")


@pytest.mark.parametrize("text", POLYGLOTS)
async def test_hostile_words_of_the_network_are_shown_as_text(shop: Shop, oksana: Hand, text: str) -> None:
    call = await ringing(shop, oksana, None, caller_name=text, queue=text[:20])
    page = Elements()
    page.feed(await look(oksana, call))
    assert page.names & {"img", "script", "iframe", "raw"} == set()
    assert [name for name in page.attributes if name.startswith("on")] == []
    assert " ".join(text.split()) in " ".join(" ".join(page.texts).split())
    await call.ends("missed")


async def test_a_call_id_of_any_writing_can_be_worked_on(shop: Shop, oksana: Hand) -> None:
    call = Telling(shop.hub.intake, shop.clock, "boot/1:17 0.1?#%2F", IRYNA)
    await call.begins()
    await call.rings("101")
    async with asyncio.timeout(within(3)):
        while 'data-card="boot/1:17' not in (html := await look(oksana, call)):
            await asyncio.sleep(0.01)
    action = re.search(r'action="(/desk/calls/boot[^"]+/notes)"', html)
    assert action is not None
    status, _ = await oksana.post(action[1], text="дивний номер")
    assert status == 200
    assert "дивний номер" in await look(oksana, call)
    await call.ends("missed")


@pytest.mark.parametrize(
    "query", ["open=nothing", "keep=a&keep=b", "open=%00", "keep=" + "x" * 3000, "open[]=1"]
)
async def test_odd_questions_get_the_ordinary_desk(oksana: Hand, query: str) -> None:
    status, html, _ = await oksana.get(f"/desk/state?{query}")
    assert status in (200, 422)
    assert status == 422 or "desk-state" in html


async def test_a_mechanic_has_no_desk(shop: Shop) -> None:
    async with shop.hand("vasyl") as vasyl:
        for path in ("/desk", "/desk/state", "/desk/search?q=a"):
            status, _, _ = await vasyl.get(path)
            assert status == 403


async def test_nobody_sees_the_desk_without_signing_in(shop: Shop) -> None:
    async with (
        aiohttp.ClientSession(shop.url) as http,
        http.get("/desk/state", allow_redirects=False) as answer,
    ):
        assert answer.status in (302, 303, 401)
        assert "desk-state" not in await answer.text()


async def test_without_scripts_a_form_leads_back_to_the_desk(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    body = {"csrf": oksana.token, "text": "без скриптів"}
    target = URL(address(call, "notes"), encoded=True)
    async with oksana.http.post(target, data=body, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    assert "без скриптів" in await look(oksana, call)
    await call.ends("missed")


async def test_the_api_tells_a_person_what_pops_up(shop: Shop, oksana: Hand) -> None:
    call = await ringing(shop, oksana, IRYNA)
    status, text, _ = await oksana.get("/api/v1/desk")
    said = json.loads(text)
    assert (status, said["primary"], said["extensions"]) == (200, call.call.call_id, ["101", "111", MOBILE])
    assert [(pop["call_id"], pop["state"]) for pop in said["pops"]] == [(call.call.call_id, "ringing")]
    await call.ends("missed")


async def test_every_number_on_the_board_and_of_today_can_be_called(shop: Shop, oksana: Hand) -> None:
    """Of a stranger the number itself, of a client a key beside the name once they have hung up."""
    stranger, known = shop.call("+380931230077"), shop.call(IRYNA)
    for call in (stranger, known):
        await call.begins()
        await call.rings("101")
    calls = {call.call.call_id: number for call, number in ((stranger, "+380931230077"), (known, IRYNA))}
    _, page, _ = await oksana.get("/desk/state")
    board = page[page.index("desk-board-rows") : page.index('id="today-title"')]
    assert re.findall(r'href="tel:([^"]+)" data-call="([^"]+)"', board) == [
        ("+380931230077", stranger.call.call_id)
    ]
    for call in (stranger, known):
        await call.ends("missed")
    _, page, _ = await oksana.get("/desk/state")
    today = page[page.index('id="desk-today-rows"') :]
    found = {call: number for number, call in re.findall(r'href="tel:([^"]+)" data-call="([^"]+)"', today)}
    assert {call: found.get(call) for call in calls} == calls
