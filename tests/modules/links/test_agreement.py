"""A consent by a link: the shop asks in a message, and only the client's own Yes makes advertising lawful."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.messaging.api import TemplateEntry, TemplateView
from tests.factories.calls import fact, snapshot, tell
from tests.factories.crm import make_client
from tests.factories.relays import settled
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.consents.stories import NOON, asked, moved, record, standing
from tests.modules.links.conftest import PUBLIC
from tests.modules.messaging.wire import IRYNA, OLEH, House, Wire, wrote

CALL = "b1:1.1"


@pytest.fixture
def house(house: House, frozen_clock: FrozenClock) -> House:
    """At noon, when advertising may go out."""
    moved(frozen_clock, NOON)
    return house


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub)
    yield client
    await client.close()


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub, None)
    yield client
    await client.close()


async def asking(house: House) -> TemplateView:
    async with house.api() as api:
        return await api.templates.save(TemplateEntry(title="May we?", text="Offers? Yes: {agree}", place=5))


def link_in(wire: Wire) -> str:
    """The path of the link in the newest message."""
    found = re.fullmatch(rf"Offers\? Yes: {PUBLIC}(/c/[\w-]{{22}})", wire.ledger[-1].text)
    assert found is not None, wire.ledger[-1].text
    return found[1]


async def test_a_key_during_a_call_asks_and_their_own_yes_is_a_consent_with_its_proof(
    house: House, site: Client, visitor: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA, language="uk")
    answer = await asking(house)
    await tell(house.hub, fact(1, snapshot(CALL, from_number=IRYNA)))
    assert (await send_form(site, f"/calls/{CALL}/answers/{answer.id}", {}))[0] == 303
    await house.sent()
    path = link_in(wire)
    assert "Ви згодні отримувати" in (await get_text(visitor, path))[1]
    assert (await asked(house, client_id=client.id)).code == "no_consent"  # looking is no Yes
    for _ in range(2):
        assert (await send_form(visitor, path, {}))[0] == 303
        await settled(house.hub)
    assert (await asked(house, client_id=client.id)).is_yes
    known = await standing(house, client_id=client.id)
    (entry,) = known.entries
    assert (entry.form, entry.act, "Ви згодні отримувати" in entry.evidence) == ("link", "granted", True)
    assert "Підтверджено" in (await get_text(visitor, path))[1]
    assert entry.evidence[:20] in (await get_text(site, f"/clients/{client.id}/consents"))[1]


async def test_whoever_is_not_known_yet_agrees_for_their_number(
    house: House, site: Client, visitor: Client, wire: Wire
) -> None:
    answer = await asking(house)
    await tell(house.hub, fact(1, snapshot(CALL, from_number=IRYNA)))
    await send_form(site, f"/calls/{CALL}/answers/{answer.id}", {})
    await house.sent()
    await send_form(visitor, link_in(wire), {})
    await settled(house.hub)
    client = await make_client(house.hub, "Ірина", IRYNA)
    assert (await asked(house, client_id=client.id)).is_yes


async def test_the_link_is_made_when_an_answer_is_sent_from_the_thread_or_by_a_program(
    house: House, site: Client, visitor: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    answer = await asking(house)
    await house.tell(wrote())
    thread = (await get_json(site, "/api/v1/conversations"))[1]["items"][0]["id"]
    _, filled = await get_json(site, f"/inbox/{thread}/fill/{answer.id}")
    assert filled == {"text": "Offers? Yes: {agree}", "missing": []}
    fields = {"text": filled["text"], "key": "1", "way": f"sms {IRYNA}"}
    assert (await send_form(site, f"/inbox/{thread}/send", fields))[0] == 303
    await house.sent()
    first = link_in(wire)
    house.clock.advance(60)
    body = {"client_id": client.id, "template": answer.id}
    assert (await send_json(site, "POST", "/api/v1/messages", body))[0] == 202
    await house.sent()
    assert link_in(wire) != first
    await send_form(visitor, first, {})
    await settled(house.hub)
    assert (await standing(house, client_id=client.id)).marketing == "granted"


async def test_their_yes_by_the_link_counts_after_an_earlier_no(
    house: House, site: Client, visitor: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    await record(house, Subject(client_id=client.id))
    await record(house, Subject(client_id=client.id), act="withdrawn")
    answer = await asking(house)
    await tell(house.hub, fact(1, snapshot(CALL, from_number=IRYNA)))
    await send_form(site, f"/calls/{CALL}/answers/{answer.id}", {})
    await house.sent()
    assert (await asked(house, client_id=client.id)).code == "withdrawn"
    await send_form(visitor, link_in(wire), {})
    await settled(house.hub)
    assert (await asked(house, client_id=client.id)).is_yes


async def test_whoever_of_ours_reads_the_message_cannot_agree_in_the_clients_place(
    house: House, site: Client, wire: Wire
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    body = {"client_id": client.id, "template": (await asking(house)).id}
    _, made = await send_json(site, "POST", "/api/v1/messages", body)
    await house.sent()
    token = link_in(wire).removeprefix("/c/")
    assert made["text"] == f"Offers? Yes: {PUBLIC}/c/{'*' * 22}"
    _, listed = await get_json(site, "/api/v1/messages")
    assert [one["text"] for one in listed["items"]] == [made["text"]]
    await house.tell(wrote(f"What is {PUBLIC}/c/{token} ?"))
    for page in (
        f"/inbox/{made['conversation_id']}", "/inbox", f"/clients/{client.id}",
        f"/api/v1/messages/{made['id']}", "/api/v1/messages",
    ):  # fmt: skip
        status, shown = await get_text(site, page)
        assert (status, token in shown) == (200, False), page


async def test_the_link_goes_to_the_clients_own_address_only(house: House, site: Client, wire: Wire) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    body = {"client_id": client.id, "template": (await asking(house)).id, "channel": "sms"}
    status, said = await send_json(site, "POST", "/api/v1/messages", body | {"address": OLEH})
    assert (status, said["error"]["code"]) == (422, "messaging.not_theirs")
    await house.sent()
    assert wire.ledger == []
    status, _ = await send_json(site, "POST", "/api/v1/messages", body | {"address": "050 123 45 67"})
    await house.sent()
    assert (status, wire.ledger[-1].address) == (202, IRYNA)


async def test_a_program_asks_nobody_for_a_consent(house: House, wire: Wire) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    program = await site_of(house.hub, "integration")
    body = {"client_id": client.id, "template": (await asking(house)).id}
    status, said = await send_json(program, "POST", "/api/v1/messages", body)
    await program.close()
    await house.sent()
    assert (status, said["error"]["code"]) == (403, "messaging.agree_by_person")
    assert wire.ledger == []


async def test_the_proof_is_the_question_that_they_saw_and_of_the_shop_that_asked(
    house: House, visitor: Client
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    deps = house.hub.installation.deps
    async with house.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Lviv", country="UA", timezone="Europe/Kyiv", currency="UAH", language="ru")
        lviv = (await AccessApi(uow, deps).shops.create(entry)).id
    async with house.hub.transactions.writing(actor=None, shop_id=lviv) as uow:
        link = await ConsentsApi(uow, deps).asking.link(Subject(client_id=client.id))
    await send_form(visitor, link.removeprefix(PUBLIC), {})
    await settled(house.hub)
    (row,) = (await standing(house, client_id=client.id)).entries
    assert row.evidence.startswith("Вы согласны получать")
    assert "Lviv" in row.evidence
    shops = await house.hub.database.read(
        lambda connection: connection.execute(text("SELECT shop_id FROM consents_entries")).scalars().all()
    )
    assert shops == [lviv]
