"""A client's page, the settings, the API and the file: who may, and what they say."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.kernel.clients import Erasure
from hub.modules.consents.api import Subject
from hub.modules.consents.service_clients import erase
from hub.modules.messaging.api import TemplateEntry
from tests.factories.crm import crm_of, entry, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.consents.stories import NOON, PAPER, asked, at, moved, record, standing
from tests.modules.messaging.wire import IRYNA, OLEH, House

YES = {"what": "yes", "form": "signature", "evidence": "тека 3, аркуш 12", "source": "прийом"}


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    moved(house.clock, NOON)
    client = await site_of(house.hub)
    yield client
    await client.close()


async def test_a_paper_is_recorded_on_the_clients_page(house: House, site: Client) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    page = f"/clients/{client.id}/consents"
    assert "Клієнта ще не питали" in (await get_text(site, page))[1]
    assert (await send_form(site, page, YES))[:2] == (303, page)
    text = (await get_text(site, page))[1]
    assert "тека 3, аркуш 12" in text
    assert "згода є" in (await get_text(site, f"/clients/{client.id}"))[1]
    assert (await asked(house, client_id=client.id)).is_yes


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"form": "oral"}, "Усне слово — не згода на рекламу."),
        ({"evidence": ""}, "Чим підтверджується?"),
        ({"what": "maybe"}, "Виберіть одну."),
        ({"form": "provider"}, "Виберіть одну."),
        ({"at": "2031-01-01"}, "Це в майбутньому."),
        ({"at": "yesterday"}, "День на зразок"),
        ({"channel": "<b>"}, "Такого каналу немає."),
        ({"evidence": "x" * 2001}, "2000"),
    ],
)
@pytest.mark.one_on_postgres
async def test_what_is_wrong_in_the_form_is_said_at_the_field(
    house: House, site: Client, more: dict[str, str], says: str
) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    status, _, text = await send_form(site, f"/clients/{client.id}/consents", {**YES, **more})
    assert status == 422
    assert says in text
    assert (await standing(house, client_id=client.id)).entries == ()


async def test_the_day_of_the_paper_is_not_the_day_of_the_entry(house: House, site: Client) -> None:
    """A STOP that came between the two is the later word."""
    client = await make_client(house.hub, "Ірина", IRYNA)
    whose = Subject(client_id=client.id)
    await record(house, whose, "withdrawn", form="oral", evidence="")
    moved(house.clock, at("2026-01-07T12:00+02:00"))
    await send_form(site, f"/clients/{client.id}/consents", {**YES, "at": "2026-01-04"})
    assert (await asked(house, client_id=client.id)).code == "withdrawn"


async def test_a_mechanic_sees_no_consents_and_a_program_ends_but_never_gives_them(house: House) -> None:
    moved(house.clock, NOON)
    client = await make_client(house.hub, "Ірина", IRYNA)
    mechanic, program = await site_of(house.hub, "mechanic"), await site_of(house.hub, "integration")
    about = {"client_id": client.id}
    assert (await get_json(mechanic, "/api/v1/consents", **about))[0] == 403
    assert (await send_json(mechanic, "POST", "/api/v1/consents/opt-out", about))[0] == 403
    yes = {**about, "topic": "marketing", "act": "granted", **PAPER}
    assert (await send_json(program, "POST", "/api/v1/consents", yes))[0] == 403
    page = f"/clients/{client.id}/consents"
    assert (await send_form(program, page, YES))[0] == 403
    await record(house, Subject(client_id=client.id))
    status, said = await send_json(program, "POST", "/api/v1/consents/opt-out", about)
    assert (status, said["marketing"]) == (200, "withdrawn")
    _, said = await get_json(program, "/api/v1/consents", channel="sms", address=IRYNA)
    assert [(one["act"], one["form"]) for one in said["entries"]] == [
        ("withdrawn", "oral"), ("granted", "signature"),
    ]  # fmt: skip
    await mechanic.close()
    await program.close()


async def test_the_api_records_a_consent_and_refuses_an_oral_one(house: House, site: Client) -> None:
    yes = {"channel": "sms", "address": OLEH, "topic": "marketing", "act": "granted", **PAPER}
    status, made = await send_json(site, "POST", "/api/v1/consents", yes)
    assert (status, made["address"], made["form"]) == (201, OLEH, "signature")
    status, said = await send_json(site, "POST", "/api/v1/consents", {**yes, "form": "oral"})
    assert (status, said["error"]["code"]) == (422, "consents.oral")
    status, said = await get_json(site, "/api/v1/consents")
    assert (status, said["error"]["code"]) == (422, "consents.nobody")


async def test_a_program_sends_templates_only_and_by_daylight(house: House, site: Client) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    async with house.api() as api:
        ready = await api.templates.save(TemplateEntry(title="Ready", text="{name}, {car} готова"))
    program = await site_of(house.hub, "integration")
    status, said = await send_json(
        program, "POST", "/api/v1/messages", {"client_id": client.id, "text": "Buy tyres"}
    )
    assert (status, said["error"]["code"]) == (403, "messaging.templates_only")
    _, found = await get_json(program, "/api/v1/message-templates")
    assert [one["id"] for one in found["items"]] == [ready.id]
    body: dict[str, Any] = {"client_id": client.id, "template": ready.id}
    status, said = await send_json(program, "POST", "/api/v1/messages", body)
    assert (status, said["error"]["code"]) == (422, "messaging.not_filled")
    body |= {"values": {"car": "Octavia"}}
    status, said = await send_json(program, "POST", "/api/v1/messages", body)
    assert (status, said["text"]) == (202, "Ірина, Octavia готова")
    status, said = await send_json(program, "POST", "/api/v1/messages", {**body, "purpose": "marketing"})
    assert (status, said["error"]["code"]) == (409, "consents.no_consent")
    status, said = await send_json(program, "POST", "/api/v1/messages", {**body, "purpose": "dialogue"})
    assert status == 403
    status, said = await send_json(site, "POST", "/api/v1/messages", {**body, "text": "and this"})
    assert (status, said["error"]["code"]) == (422, "messaging.text_twice")
    await program.close()


async def test_quiet_hours_are_set_for_a_shop_and_hold(house: House, site: Client) -> None:
    fields = {
        "service_begins": "11:00", "service_ends": "13:30", "marketing_begins": "20:00",
        "marketing_ends": "09:00", "marketing_days": "14",
    }  # fmt: skip
    assert (await asked(house, "service")).is_yes
    assert (await send_form(site, "/settings/quiet-hours", fields))[0] == 303
    verdict = await asked(house, "service")
    assert (verdict.code, verdict.until) == ("quiet_hours", at("2026-01-05T13:30+02:00"))
    status, _, text = await send_form(
        site, "/settings/quiet-hours", {**fields, "service_begins": "25:00", "marketing_days": "often"}
    )
    assert status == 422
    assert "Час на зразок 21:00." in text
    assert "Ціле число від 0 до 365." in text


async def test_the_ledger_is_a_file_in_which_nothing_is_a_formula_and_taking_it_is_audited(
    house: House, site: Client
) -> None:
    await record(house, Subject(channel="sms", address=IRYNA), evidence='=HYPERLINK("http://x")')
    async with site.get("/consents/export") as answer:
        assert answer.status == 200
        rows = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert [(one["Address"], one["Act"], one["Evidence"]) for one in rows] == [
        (IRYNA, "granted", '\'=HYPERLINK("http://x")')
    ]
    noted = await house.hub.database.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT count(*) FROM access_audit WHERE action = 'consents.export'"
        ).scalar_one()
    )
    assert noted == 1
    manager = await site_of(house.hub, "manager")
    assert (await get_text(manager, "/consents/export"))[0] == 403
    await manager.close()


async def test_merged_clients_have_one_ledger_and_two_again_when_it_is_undone(house: House) -> None:
    moved(house.clock, NOON)
    iryna, twin = await make_client(house.hub, "Iryna", IRYNA), await make_client(house.hub, "I", OLEH)
    await record(house, Subject(client_id=iryna.id))
    house.clock.advance(60)
    await record(house, Subject(client_id=twin.id), "withdrawn", form="oral", evidence="")
    async with crm_of(house.hub) as crm:
        await crm.merging.merge(twin.id, iryna.id, reason="same")
        (merge,) = (await crm.merging.recent(cursor=None, limit=5)).items
    assert (await asked(house, client_id=iryna.id)).code == "withdrawn"
    async with crm_of(house.hub) as crm:
        await crm.merging.undo(merge.id)
    assert (await asked(house, client_id=iryna.id)).is_yes
    assert (await asked(house, address=OLEH, client_id=twin.id)).code == "withdrawn"


@pytest.mark.parametrize("topic", ["marketing", "all"])
async def test_a_no_outlives_the_persons_data_and_a_list_that_is_taken_in_again(
    house: House, topic: str
) -> None:
    moved(house.clock, NOON)
    client = await make_client(house.hub, "Ірина", IRYNA, emails=("iryna@example.com",))
    await record(house, Subject(client_id=client.id), evidence="таємниця")
    act = "blocked" if topic == "all" else "withdrawn"
    await record(house, Subject(client_id=client.id), act, topic=topic, form="oral", source="таємниця")
    house.clock.advance(3600)
    async with crm_of(house.hub) as crm:
        await crm.erasing.erase(client.id, "за листом", None)
    rows = await house.hub.database.read(
        lambda connection: [str(row) for row in connection.exec_driver_sql("SELECT * FROM consents_entries")]
    )
    assert rows
    left = ("501234567", client.id, "таємниця", "iryna@", "тека", "folder")
    assert not [row for row in rows for word in left if word in row]
    house.clock.advance(3600)
    async with crm_of(house.hub) as crm:
        again = await crm.create_client(entry("Ірина", IRYNA))
    code = "blocked" if topic == "all" else "withdrawn"
    assert (await asked(house, client_id=again.id)).code == code
    mailed = await asked(house, channel="email", address="iryna@example.com")
    assert mailed.code == code


async def test_what_is_erased_twice_is_the_same(house: House) -> None:
    """A restored backup runs it again, by the hash of the number alone."""
    moved(house.clock, NOON)
    await record(house, Subject(channel="sms", address=IRYNA), "withdrawn", form="oral", evidence="")
    house.clock.advance(60)
    who = Erasure(client_ids=frozenset(), numbers=frozenset({IRYNA}), until=house.clock.now())
    for _ in range(2):
        await house.hub.database.write(lambda connection: erase(connection, who))
        known = await standing(house, channel="sms", address=IRYNA)
        assert (known.marketing, len(known.entries)) == ("withdrawn", 1)


async def test_two_at_one_address_are_erased_one_after_the_other_and_once_more(house: House) -> None:
    moved(house.clock, NOON)
    shared = "home@example.com"
    for name, number in (("Iryna", IRYNA), ("Oleh", OLEH), ("Iryna", IRYNA)):
        client = await make_client(house.hub, name, number, emails=(shared,))
        await record(house, Subject(client_id=client.id), "withdrawn", form="oral", evidence="")
        house.clock.advance(3600)
        async with crm_of(house.hub) as crm:
            await crm.erasing.erase(client.id, "by letter", None)
        house.clock.advance(3600)
        assert (await asked(house, channel="email", address=shared)).code == "withdrawn"


async def test_a_stop_of_the_papers_day_is_the_later_word(house: House, site: Client) -> None:
    client = await make_client(house.hub, "Ірина", IRYNA)
    moved(house.clock, at("2026-01-06T09:00+02:00"))
    await record(house, Subject(client_id=client.id), "withdrawn", form="message", evidence="STOP")
    moved(house.clock, at("2026-01-07T12:00+02:00"))
    await send_form(site, f"/clients/{client.id}/consents", {**YES, "at": "2026-01-06"})
    assert (await asked(house, client_id=client.id)).code == "withdrawn"


async def test_quiet_hours_of_a_shop_that_is_not_there_are_not_found(site: Client) -> None:
    assert (await get_text(site, "/settings/quiet-hours", shop="nowhere"))[0] == 404
    assert (await send_form(site, "/settings/quiet-hours", {"shop": "nowhere"}))[0] == 404
