"""The library: what is found by which filter, that totals say what the list says, what may not be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from hub.app import Hub
from hub.events.crm import ClientErased
from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.values import ShopId
from recordings.api import RecordingsApi, RecordingView
from recordings.rules_library import as_fts5, words_of
from recordings.views_library import LibraryFilter
from tests.factories.calls import MORNING, ended, merged, party, tell, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.webui.stage import Shop

Browser = TestClient[Any, Any]


async def found(hub: Hub, **where: Any) -> list[str]:
    """The calls of the recordings that fit, newest first; the totals must count as many."""
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        library = Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi).library
        asked = LibraryFilter(**where)
        items, cursor = list[Any](), None
        while True:
            page = await library.page(asked, cursor=cursor, limit=2)
            items += page.items
            cursor = page.next
            if cursor is None:
                break
        totals = await library.totals(asked)
    assert totals.count == len(items)
    assert totals.seconds == pytest.approx(sum(one.seconds for one in items))
    return [one.call_id or "" for one in items]


@pytest.fixture
async def shelf(hub: Hub) -> dict[str, RecordingView]:
    """Four recorded calls: answered by 101, by 102 through a queue, an outbound one, a voicemail."""
    await tell_calls(
        hub,
        ended("c1", 0, "answered"),
        ended("c2", 100, "answered", queue="front", answered_by="102", from_number="+380671112233",
              parties=(party("102", outcome="answered"),)),
        ended("c3", 200, "no_answer", direction="outbound", from_number=None, to_number="+380501234567"),
        ended("c4", 300, "voicemail", parties=()),
    )  # fmt: skip
    people = {"c1": ("101",), "c2": ("102",), "c3": ("101",), "c4": ()}
    made = {
        call_id: await recording(
            hub, call_id=call_id, offset=100.0 * n, seconds=2.0 + n, people=people[call_id]
        )
        for n, call_id in enumerate(people)
    }
    await settled(hub)
    return made


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        ({}, ["c4", "c3", "c2", "c1"]),
        ({"direction": "outbound"}, ["c3"]),
        ({"direction": "inbound"}, ["c4", "c2", "c1"]),
        ({"result": "voicemail"}, ["c4"]),
        ({"result": "answered"}, ["c2", "c1"]),
        ({"queue": "front"}, ["c2"]),
        ({"line": "044 123-45-67"}, ["c4", "c2", "c1"]),
        ({"person": ("102",)}, ["c2"]),
        ({"phones": ("101",)}, ["c3", "c1"]),
        ({"phones": ()}, []),
        ({"number": "067 111 22 33"}, ["c2"]),
        ({"number": "0501234567"}, ["c4", "c3", "c1"]),
        ({"min_seconds": 4.0}, ["c4", "c3"]),
        ({"max_seconds": 2.5}, ["c1"]),
        ({"since": MORNING + timedelta(seconds=200)}, ["c4", "c3"]),
        ({"until": MORNING + timedelta(seconds=100)}, ["c1"]),
        ({"shops": frozenset({ShopId("elsewhere")})}, []),
        ({"is_reviewed": True}, []),
        ({"is_reviewed": False, "direction": "outbound"}, ["c3"]),
        ({"client_id": "nobody"}, []),
    ],
)
@pytest.mark.usefixtures("shelf")
async def test_every_filter_finds_what_fits_and_the_totals_count_it(
    hub: Hub, where: dict[str, Any], calls: list[str]
) -> None:
    assert await found(hub, **where) == calls


async def write(hub: Hub, recording_id: str, text: str, at: float = 1.0) -> None:
    """A mark."""
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi)
        await api.marks.add(await api.one(recording_id), at, text, author_name="Tester")


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ("гальм", ["c1"]),
        ("ГАЛЬМІВНІ колодки", ["c1"]),
        ("4200", ["c2"]),
        ("4,200", ["c2"]),
        ("обіцяли до пʼятниці", ["c2"]),
        ("колодки масло", []),
        ('"; DROP TABLE x; --', []),
        ("!!!", []),
        ("ключ", ["c1"]),
    ],
)
async def test_cyrillic_words_are_found_in_marks_and_notes_by_their_beginning(
    hub: Hub, shelf: dict[str, RecordingView], words: str, calls: list[str]
) -> None:
    await write(hub, shelf["c1"].id, "Гальмівні колодки: домовилися на ранок")
    await write(hub, shelf["c2"].id, "Обіцяли 4200 до пʼятниці, потім 4,200")
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        await CallsApi(uow, hub.installation.deps).add_note("c1", "Забув ключі в салоні", author_name="T")
    await settled(hub)
    assert await found(hub, text=words) == calls


async def test_a_mark_is_found_as_a_mark_and_a_note_is_not(hub: Hub, shelf: dict[str, RecordingView]) -> None:
    await write(hub, shelf["c2"].id, "скарга")
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        await CallsApi(uow, hub.installation.deps).add_note("c1", "скарга", author_name="T")
    await settled(hub)
    assert await found(hub, mark="скарг") == ["c2"]
    assert await found(hub, text="скарг") == ["c2", "c1"]


async def test_a_mark_that_is_taken_away_is_not_found_any_more(
    hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    await write(hub, shelf["c1"].id, "підвіска")
    assert await found(hub, text="підвіска") == ["c1"]
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        marks = Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi).marks
        await marks.remove((await marks.of([shelf["c1"].id]))[shelf["c1"].id][0])
    assert await found(hub, text="підвіска") == []


@given(st.text(max_size=60))
def test_whatever_is_typed_becomes_quoted_words_and_no_command(typed: str) -> None:
    words = words_of(typed)
    assert all(word and not set(word) & set("\"'*:&|!()- \x00") for word in words)
    assert as_fts5(words).count('"') == 2 * len(words)


async def test_a_client_who_becomes_known_later_is_found_without_a_word_to_the_library(
    hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    del shelf
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ClientEntry(name="Ірина", phones=(PhoneEntry(number="0671112233"),))
        client = await CrmApi(uow, hub.installation.deps).create_client(entry)
    await settled(hub)
    assert await found(hub, client_id=client.id) == ["c2"]


async def test_a_call_that_becomes_part_of_another_takes_its_recording_along(
    hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    event = merged(9, "c2", "c1")
    await tell(hub, event)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.publish(event)
    await settled(hub)
    assert await found(hub, queue="front") == []
    assert await found(hub, call_id="c1") == ["c1", "c1"]
    assert shelf["c2"].call_id == "c2"


async def test_a_cursor_of_somebody_else_is_refused(shop: Shop, hub: Hub) -> None:
    del hub
    owner = await shop.signed_in("owner")
    for cursor in ("x", "!!!!", "MjAyNg", "%00"):
        assert (await owner.get(f"/recordings?cursor={cursor}")).status == 422


async def test_a_receptionist_sees_the_own_talks_of_the_last_days_only(
    shop: Shop, hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    await shop.person("receptionist", extensions=("102",))
    browser = await shop.sign_in("receptionist")
    page = await (await browser.get("/recordings")).text()
    assert shelf["c2"].id in page
    assert shelf["c1"].id not in page
    assert (await browser.get(f"/recordings/{shelf['c1'].id}")).status == 404
    shop.clock.advance(timedelta(days=8).total_seconds())
    browser = await shop.sign_in("receptionist")
    assert (await browser.get(f"/recordings/{shelf['c2'].id}")).status == 404
    assert shelf["c2"].id not in await (await browser.get("/recordings")).text()
    assert (await (await shop.signed_in("manager")).get(f"/recordings/{shelf['c1'].id}")).status == 200


async def test_a_kept_view_is_ones_own_until_it_is_shared(
    shop: Shop, shelf: dict[str, RecordingView]
) -> None:
    del shelf
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    for name, shared in (("Скарги", ""), ("Довгі", "1")):
        answer = await owner.post(
            "/recordings/views", headers={"Sec-Fetch-Site": "same-origin"},
            data={"name": name, "query": "mark=скарга&evil=1", "shared": shared},
        )  # fmt: skip
        assert answer.status == 200, await answer.text()
    mine, theirs = [await (await one.get("/recordings")).text() for one in (owner, manager)]
    assert "Скарги" in mine
    assert "Довгі" in mine
    assert "Скарги" not in theirs
    assert "Довгі" in theirs
    assert "evil" not in mine


async def test_the_line_of_a_call_and_a_client_lead_to_its_recordings(
    shop: Shop, hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ClientEntry(name="Ірина", phones=(PhoneEntry(number="0671112233"),))
        client = await CrmApi(uow, hub.installation.deps).create_client(entry)
    await settled(hub)
    owner = await shop.signed_in("owner")
    assert f"/recordings/{shelf['c2'].id}/player" in await (await owner.get(f"/clients/{client.id}")).text()
    call = await (await owner.get("/calls/c2")).text()
    assert f'data-player="{shelf["c2"].id}"' in call


@pytest.mark.parametrize(("result", "said"), [("answered", "101 · Octavia"), ("voicemail", "Octavia")])
async def test_under_the_heading_stand_who_talked_and_the_car_without_a_dot_for_what_is_not_known(
    shop: Shop, hub: Hub, result: str, said: str
) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        client = await crm.create_client(
            ClientEntry(name="Ірина", phones=(PhoneEntry(number="+380501234567"),))
        )
        await crm.create_vehicle(VehicleEntry(model="Octavia", client_id=client.id))
    await tell_calls(hub, ended("c1", 0, result))
    one = await recording(hub, call_id="c1")
    await settled(hub)
    page = await (await (await shop.signed_in("owner")).get(f"/recordings/{one.id}")).text()
    assert f"data-about>{said}</div>" in page


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("direction=outbound", ["c3"]), ("person=102", ["c2"]), ("number=%2B380671112233", ["c2"]),
        ("min_seconds=4", ["c4", "c3"]), ("text=гальма", ["c1"]), ("mark=гальма", ["c1"]), ("tag=nobody", []),
        ("is_reviewed=false&result=voicemail", ["c4"]), ("queue=front&limit=1", ["c2"]),
    ],
)  # fmt: skip
async def test_programs_find_by_the_same_filters(
    shop: Shop, hub: Hub, shelf: dict[str, RecordingView], query: str, calls: list[str]
) -> None:
    await write(hub, shelf["c1"].id, "Гальма скриплять")
    owner = await shop.signed_in("owner")
    answer = await owner.get(f"/api/v1/recordings?{query}")
    assert answer.status == 200, await answer.text()
    assert [one["call_id"] for one in (await answer.json())["items"]] == calls


@pytest.mark.parametrize("near", [1, 3, 100])
async def test_a_word_of_very_many_texts_says_that_not_all_of_them_were_looked_at(
    hub: Hub, shelf: dict[str, RecordingView], monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr("recordings.service_words.MOST_HITS", 2)
    monkeypatch.setattr("recordings.service_words._NEAR", near)
    for call_id in ("c1", "c2", "c3"):
        await write(hub, shelf[call_id].id, "те саме слово")
        await write(hub, shelf["c4"].id, f"не те {call_id}")
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        library = Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi).library
        totals = await library.totals(LibraryFilter(text="слово"))
        page = await library.page(LibraryFilter(text="слово"), cursor=None, limit=50)
    assert (totals.count, totals.is_part) == (2, True)
    assert [one.call_id for one in page.items] == ["c3", "c2"]


async def test_an_old_mark_is_found_behind_very_many_newer_notes_of_the_same_word(
    hub: Hub, shelf: dict[str, RecordingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recordings.service_words.MOST_HITS", 2)
    monkeypatch.setattr("recordings.service_words._NEAR", 1)
    await write(hub, shelf["c1"].id, "гальма")
    for call_id in ("c2", "c3", "c4"):
        async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
            await CallsApi(uow, hub.installation.deps).add_note(call_id, "гальма", author_name="T")
        await settled(hub)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        library = Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi).library
        marked = await library.totals(LibraryFilter(mark="гальма"))
        written = await library.totals(LibraryFilter(text="гальма"))
    assert await found(hub, mark="гальма") == ["c1"]
    assert (marked.count, marked.is_part) == (1, False)
    assert (written.count, written.is_part) == (2, True)


async def test_a_note_that_names_an_erased_client_is_not_found_any_more(
    hub: Hub, shelf: dict[str, RecordingView]
) -> None:
    del shelf
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        await CallsApi(uow, hub.installation.deps).add_note("c2", "Ірина просить", author_name="T")
    await settled(hub)
    assert await found(hub, text="ірина") == ["c2"]
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await uow.session.execute(text("DELETE FROM calls_notes"))  # as calls do when a client is erased
        uow.publish(ClientErased(client_id="c"))
    await settled(hub)
    assert await found(hub, text="ірина") == []
