"""The inbox over HTTP: a real hub and web admin; what is sent is judged by the wire's ledger."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import FormData

from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.api import PlaceView, TemplateEntry
from hub.modules.tasks.api import TaskEntry, TasksApi
from tests.factories.calls import fact, snapshot, tell
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import open_tasks
from tests.modules.messaging.wire import IRYNA, OLEH, House, Wire, wrote


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub)
    yield client
    await client.close()


async def thread_of(site: Client) -> str:
    status, found = await get_json(site, "/api/v1/conversations")
    assert status == 200
    return str(found["items"][0]["id"])


async def test_the_inbox_says_who_waits_and_the_thread_what_was_written(house: House, site: Client) -> None:
    await make_client(house.hub, "Ірина Коваль", IRYNA)
    await house.tell(wrote("Моя Octavia вже готова?"))
    status, text = await get_text(site, "/inbox")
    assert status == 200
    assert "Ірина Коваль" in text
    status, text = await get_text(site, f"/inbox/{await thread_of(site)}")
    assert (status, "Моя Octavia вже готова?" in text) == (200, True)


async def test_an_empty_inbox_says_what_to_do(house: House, site: Client, wire: Wire) -> None:
    assert "Хто напише, з’явиться тут сам." in (await get_text(site, "/inbox"))[1]
    wire.carried = {}
    assert "HUB_TWILIO__" in (await get_text(site, "/inbox"))[1]


async def test_an_answer_goes_out_once_however_often_it_is_clicked(
    house: House, site: Client, wire: Wire
) -> None:
    await house.tell(wrote())
    thread = await thread_of(site)
    for _ in range(3):
        fields = {"text": "Так, до шостої", "key": "click-1", "way": f"sms {IRYNA}"}
        status, where, _ = await send_form(site, f"/inbox/{thread}/send", fields)
        assert (status, where) == (303, f"/inbox/{thread}")
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Так, до шостої"]
    _, found = await get_json(site, f"/api/v1/conversations/{thread}")
    assert (found["unread"], found["waiting_since"]) == (0, None)


async def test_the_api_takes_a_message_and_tells_how_far_it_is(
    house: House, site: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    status, made = await send_json(
        site, "POST", "/api/v1/messages", {"client_id": client.id, "text": "Ready"}
    )
    assert (status, made["state"], made["client_id"], made["channel"]) == (202, "queued", client.id, "sms")
    await house.sent()
    _, found = await get_json(site, f"/api/v1/messages/{made['id']}")
    assert (found["state"], found["provider_id"]) == ("sent", f"SM{made['id']}")
    status, refused = await send_json(site, "POST", "/api/v1/messages", {"text": "to nobody"})
    assert (status, refused["error"]["code"]) == (422, "messaging.no_address")


async def test_the_same_idempotency_key_is_one_message(house: House, site: Client, wire: Wire) -> None:
    body = {"channel": "sms", "address": IRYNA, "text": "Ready"}
    answers = []
    for _ in range(2):
        async with site.post("/api/v1/messages", json=body, headers={"Idempotency-Key": "k1"}) as answer:
            answers.append(await answer.read())
    await house.sent()
    assert answers[0] == answers[1]
    assert len(wire.ledger) == 1


async def test_a_thread_is_closed_put_off_noted_and_given(house: House, site: Client) -> None:
    await house.tell(wrote())
    thread = await thread_of(site)
    for action, fields, state in (
        ("snooze", {"until": "hour"}, "snoozed"), ("reopen", {}, "open"), ("close", {}, "closed"),
    ):  # fmt: skip
        assert (await send_form(site, f"/inbox/{thread}/{action}", fields))[0] == 303
        assert (await get_json(site, f"/api/v1/conversations/{thread}"))[1]["state"] == state
    for _ in range(2):
        assert (await send_form(site, f"/inbox/{thread}/notes", {"text": "5 % promised"}))[0] == 303
    assert (await get_text(site, f"/inbox/{thread}"))[1].count("5 % promised") == 1
    await house.tell(wrote("one more", 2))
    assert (await get_json(site, f"/api/v1/conversations/{thread}"))[1]["state"] == "open"


async def test_what_was_put_off_comes_back_by_itself(house: House, site: Client) -> None:
    await house.tell(wrote())
    thread = await thread_of(site)
    await send_form(site, f"/inbox/{thread}/snooze", {"until": "hour"})
    house.clock.advance(24 * 3600)
    async with house.api() as api:
        assert await api.threads.wake() == 1
    assert (await get_json(site, f"/api/v1/conversations/{thread}"))[1]["state"] == "open"


async def test_whose_thread_it_is_is_chosen_among_the_candidates(house: House, site: Client) -> None:
    mother = await make_client(house.hub, "Mother", IRYNA)
    await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote())
    thread = await thread_of(site)
    assert "Хто з них пише?" in (await get_text(site, f"/inbox/{thread}"))[1]
    await send_form(site, f"/inbox/{thread}/client", {"client_id": mother.id})
    assert (await get_json(site, f"/api/v1/conversations/{thread}"))[1]["client_id"] == mother.id


async def test_a_stranger_becomes_a_client_with_the_number_they_wrote_from(
    house: House, site: Client
) -> None:
    await house.tell(wrote(address=OLEH))
    thread = await thread_of(site)
    for _ in range(2):
        assert (await send_form(site, f"/inbox/{thread}/create", {"name": "Oleh"}))[0] == 303
    _, clients = await get_json(site, "/api/v1/clients")
    assert [(one["name"], one["phones"][0]["number"]) for one in clients["items"]] == [("Oleh", OLEH)]


@pytest.mark.parametrize("asked", ["октав", "ГОТОВА октавія", "oct"])
async def test_messages_are_found_by_the_beginnings_of_words(house: House, site: Client, asked: str) -> None:
    await house.tell(wrote("Октавія Octavia готова?"), wrote("щось інше", 2, address=OLEH))
    _, text = await get_text(site, "/inbox/search", q=asked)
    assert text.count('href="/inbox/') == 1


async def test_an_edited_message_is_found_by_its_new_words_only(house: House, site: Client) -> None:
    await house.tell(wrote("стара", 1), wrote("нова", 2, edits="IN1"))
    assert "href" not in (await get_text(site, "/inbox/search", q="стара"))[1]
    assert "href" in (await get_text(site, "/inbox/search", q="нова"))[1]


@pytest.mark.parametrize("asked", ['"', "*", "NEAR(a b)", "a AND", "текст'--", "text:x", ":*", "&|!"])
async def test_no_search_text_is_a_fault(house: House, site: Client, asked: str) -> None:
    await house.tell(wrote())
    assert (await get_text(site, "/inbox/search", q=asked))[0] == 200


async def test_an_uploaded_picture_goes_along_and_is_shown_as_nothing_else(
    house: House, site: Client, wire: Wire
) -> None:
    await house.tell(wrote())
    thread = await thread_of(site)
    form = FormData()
    form.add_field("file", b"\x89PNG\r\n\x1a\nxx", filename="../../кузов.png", content_type="text/html")
    async with site.post("/inbox/files", data=form) as answer:
        assert answer.status == 200, await answer.text()
        file = await answer.json()
    await send_form(
        site, f"/inbox/{thread}/send", {"text": "фото", "way": f"sms {IRYNA}", "file": file["id"]}
    )
    await house.sent()
    (sent,) = wire.ledger
    assert sent.files[0].path.read_bytes() == b"\x89PNG\r\n\x1a\nxx"
    async with site.get(f"/inbox/files/{file['id']}") as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("inline")


async def test_what_is_no_picture_is_only_ever_downloaded(house: House, site: Client) -> None:
    form = FormData()
    form.add_field("file", b"<svg onload=alert(1)>", filename="x.svg", content_type="image/svg+xml")
    async with site.post("/inbox/files", data=form) as answer:
        file = await answer.json()
    async with site.get(f"/inbox/files/{file['id']}") as answer:
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_key_during_a_call_sends_the_prepared_answer_once(
    house: House, site: Client, wire: Wire
) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    async with house.api() as api:
        pin = PlaceView(latitude=50.5, longitude=30.25)
        answer = await api.templates.save(
            TemplateEntry(title="Address", text="Here we are", place=1, point=pin)
        )
    for _ in range(2):
        status, where, _ = await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {})
        assert (status, where) == (303, "/desk")
    await house.sent()
    assert [one.text for one in wire.ledger] == [
        "Here we are\nhttps://maps.google.com/?q=50.500000,30.250000"
    ]


async def test_a_promised_time_never_puts_off_the_call_back_of_another_shop(
    house: House, site: Client
) -> None:
    deps = house.hub.installation.deps
    late = deps.clock.now() - timedelta(hours=1)
    async with house.hub.transactions.writing(actor="person:x", shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Львів", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        lviv = (await AccessApi(uow, deps).shops.create(entry)).id
        asked = TaskEntry(shop_id=lviv, kind="callback", number=IRYNA, due_at=late)
        await TasksApi(uow, deps).doing.create(asked, None)
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    async with house.api() as api:
        answer = await api.templates.save(TemplateEntry(title="Later", text="We ring you at {time}"))
    status, where, _ = await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {})
    assert (status, where) == (303, "/desk")
    (task,) = await open_tasks(house.hub)
    assert (task.shop_ids, task.due_at) == ((lviv, FIRST_SHOP), late)


async def test_the_pin_of_the_shop_goes_along_once_the_shop_is_on_the_map(
    house: House, site: Client, wire: Wire
) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    async with house.api() as api:
        answer = await api.templates.save(TemplateEntry(title="Address", text="Here we are", has_pin=True))
    _, text = await get_text(site, "/settings/messages")
    assert "ще немає на карті" in text
    shop = {
        "name": "Pitline",
        "country": "UA",
        "timezone": "Europe/Kyiv",
        "currency": "UAH",
        "language": "uk",
    }
    for number, map_text in enumerate(("", "https://www.google.com/maps/@50.5,30.25,17z"), 1):
        assert (await send_form(site, "/settings/shops/main", {**shop, "map": map_text}))[0] == 303
        call = f"b1:{number}.1"
        await tell(house.hub, fact(1, snapshot(call, from_number=IRYNA)))
        assert (await send_form(site, f"/calls/{call}/answers/{answer.id}", {}))[0] == 303
        await house.sent()
        house.clock.advance(5)
    link = "https://maps.google.com/?q=50.500000,30.250000"
    assert [one.text for one in wire.ledger] == ["Here we are", f"Here we are\n{link}"]
    status, _, text = await send_form(
        site, "/settings/shops/main", {**shop, "map": "https://maps.app.goo.gl/x"}
    )
    assert (status, "Коротке посилання" in text, "maps.app.goo.gl/x" in text) == (422, True, True)


async def test_a_template_with_an_empty_variable_is_not_sent(house: House, site: Client, wire: Wire) -> None:
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    async with house.api() as api:
        answer = await api.templates.save(TemplateEntry(title="Car", text="{name}, {car} is ready", place=1))
    status, _, text = await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {})
    assert status == 422
    assert "ще щось не заповнено" in text
    await house.sent()
    assert wire.ledger == []


async def test_templates_are_written_on_their_page(house: House, site: Client) -> None:
    assert (await send_form(site, "/settings/messages/examples", {}))[0] == 303
    _, text = await get_text(site, "/settings/messages")
    assert "{address}" in text
    assert "Реквізити" in text
    for fields, fault in (
        ({"title": "", "text": "x"}, "Потрібна коротка назва."),
        ({"title": "x", "text": "{salary}"}, "ніхто не заповнить"),
        ({"title": "x", "text": "x", "point": "here"}, "широту й довготу в градусах"),
    ):
        status, _, text = await send_form(site, "/settings/messages", fields)
        assert (status, fault in text) == (422, True), fields
    status, _, text = await send_form(site, "/settings/messages", {"title": "x", "text": "x", "place": "1"})
    assert status == 409


async def test_a_closed_conversation_is_not_called_as_a_shut_shop_is(house: House, site: Client) -> None:
    await house.tell(wrote())
    thread = await thread_of(site)
    await send_form(site, f"/inbox/{thread}/close", {})
    _, text = await get_text(site, f"/inbox/{thread}")
    assert "розмову закрито" in text
    assert "зачинено" not in text


async def test_erasing_a_client_leaves_no_word_of_theirs(house: House, site: Client) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote("my secret"))
    await house.queue("a secret answer")
    await house.sent()
    thread = await thread_of(site)
    await send_form(site, f"/inbox/{thread}/notes", {"text": "secret note"})
    async with house.uow() as uow:
        await CrmApi(uow, house.hub.installation.deps).erasing.erase(client.id, "asked", second=None)
    assert "secret" not in (await get_text(site, f"/inbox/{thread}"))[1]
    assert "secret" not in (await get_text(site, "/inbox/search", q="secret"))[1].replace('q="secret"', "")
    _, found = await get_json(site, "/api/v1/messages")
    assert {(one["text"], one["address"], one["client_id"]) for one in found["items"]} == {("", "", None)}


async def test_whoever_lacks_the_right_sees_no_message(house: House) -> None:
    await house.tell(wrote("private"))
    message = (await house.messages())[0]
    mechanic = await site_of(house.hub, "mechanic")
    for path in ("/inbox", f"/inbox/{message.conversation_id}", f"/api/v1/messages/{message.id}"):
        status, text = await get_text(mechanic, path)
        assert (status, "private" in text) == (403, False)
    await mechanic.close()


async def test_somebody_who_never_wrote_is_found_and_written_to(
    house: House, site: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Ірина Коваль", IRYNA)
    _, text = await get_text(site, "/inbox/search", q="Ірина")
    assert client.id in text
    threads = set()
    for fields in ({"client_id": client.id}, {"number": "050 123 45 67"}):
        status, where, _ = await send_form(site, "/inbox/start", fields)
        assert status == 303
        threads.add(where)
    (thread,) = threads
    assert (await send_form(site, f"{thread}/send", {"text": "Готово"}))[0] == 303
    await house.sent()
    assert [(one.text, one.address) for one in wire.ledger] == [("Готово", IRYNA)]


async def test_an_empty_thread_stands_in_no_list(house: House, site: Client) -> None:
    _, text = await get_text(site, "/inbox/search", q=OLEH)
    assert f'value="{OLEH}"' in text
    assert (await send_form(site, "/inbox/start", {"number": OLEH}))[0] == 303
    assert (await send_form(site, "/inbox/start", {"number": "101"}))[0] == 422
    assert (await get_json(site, "/api/v1/conversations"))[1]["items"] == []


async def test_programs_close_give_and_put_off_threads(house: House, site: Client) -> None:
    await house.tell(wrote())
    path = f"/api/v1/conversations/{await thread_of(site)}"
    rev = (await get_json(site, path))[1]["rev"]
    later = "2026-01-06T09:00:00.000Z"
    for body, status, state in (
        ({"state": "snoozed", "snoozed_until": later, "rev": rev}, 200, "snoozed"),
        ({"state": "closed", "rev": rev}, 409, "snoozed"),
        ({"state": "snoozed"}, 422, "snoozed"),
        ({"state": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}, 422, "snoozed"),
        ({"owner_id": "nobody"}, 404, "snoozed"),
        ({"state": "closed"}, 200, "closed"),
    ):
        assert (await send_json(site, "PATCH", path, body))[0] == status, body
        assert (await get_json(site, path))[1]["state"] == state
    assert (await send_json(site, "POST", f"{path}/notes", {"text": "5 %"}))[0] == 201


async def test_a_long_list_goes_on_on_its_next_page(house: House, site: Client) -> None:
    for number in range(32):
        await house.tell(wrote("x", number, address=f"+3805012345{number:02}"), times=1)
    _, first = await get_text(site, "/inbox")
    (after,) = re.findall(r'href="/inbox\?box=open&amp;after=([^"]+)"', first)
    _, second = await get_text(site, f"/inbox?box=open&after={after}")
    assert (first.count("data-row"), second.count("data-row")) == (30, 2)
    assert (await get_text(site, "/inbox?after=nonsense"))[0] == 422
