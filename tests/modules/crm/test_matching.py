"""Who is calling: one caller in any writing, never a guess, never a wrong merge (F81)."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from hub.app import Hub
from hub.errors import Conflict, Invalid
from hub.modules.crm.api import CallerMatch, match_callers, number_key, number_kind
from tests.factories.crm import crm_of, entry, make_car, make_client

KYIVSTAR = "+380671234567"
FORMS = [
    "+380671234567", "380671234567", "0671234567", "671234567", "00380671234567", "80671234567",
    "+380 67 123 45 67", "+380 67 123-45-67", "+38 067 123 45 67", "+38(067)123-45-67",
    "+38 (067) 123 45 67", "38 067 1234567", "380-67-123-45-67", "380 67 1234567", "(067) 123-45-67",
    "(067)1234567", "067-123-45-67", "067 123 45 67", "067/123-45-67", "067/1234567", "067.123.45.67",
    "067 1234567", "067-1234567", " 0671234567 ", "0671234567\t", "\u00a00671234567", "+380(67)1234567",
    "+380-67-1234567", "+380.67.123.45.67", "+ 380671234567", "00 380 67 123 45 67", "00380-67-1234567",
    "8 067 123 45 67", "8-067-123-45-67", "8(067)123-45-67", "8 (067) 123 45 67",
    "067\u2011123\u201145\u201167",
    "067–123–45–67", "067—123—45—67", "067−123−45−67", "tel:+380671234567", "TEL:0671234567",
    "tel:+380-67-123-45-67", "sip:+380671234567@operator.example", "sip:0671234567@10.0.0.1",
    "sips:+380671234567@operator.example;user=phone", "+380671234567@operator.example",
    "0671234567;ext=5", "+380671234567 ext. 12", "0671234567 ext 7", "067 123 45 67 доб. 3",
    "067 123 45 67 дод 3", "067 123 45 67 вн. 3", "+3800671234567", "+380 (0) 67 123 45 67",
    "(+380) 67 1234567", "0-6-7-1-2-3-4-5-6-7", "067  123  45  67", "06 71 23 45 67", "0 6 7 1 2 3 4 5 6 7",
]  # fmt: skip
NOBODYS = [
    "", " ", "anonymous", "Anonymous", "<unknown>", "unknown", "unavailable", "restricted", "private",
    "101", "5", "0800", "123456", "KYIVSTAR", "Nova Poshta", "s", "*67", "++", "+", "доставка",
    "'; DROP TABLE crm_phones; --", "%", "_", "\x00", "🚗",
]  # fmt: skip


def test_sixty_forms_are_sixty() -> None:
    assert len(FORMS) == len(set(FORMS)) == 60


@pytest.mark.parametrize("form", FORMS)
def test_every_writing_of_a_number_is_one_number(form: str) -> None:
    assert number_key(form, "UA") == KYIVSTAR


@pytest.mark.parametrize("form", NOBODYS)
def test_what_identifies_nobody_has_no_key(form: str) -> None:
    assert number_key(form, "UA") is None


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("0671234567", "public"), ("+49301234567", "public"), ("101", "internal"), ("anonymous", "withheld"),
        (None, "withheld"), ("KYIVSTAR", "text"), ("2345678", "digits"), ("38067123456", "digits"),
    ],
)  # fmt: skip
def test_a_number_says_what_kind_it_is(raw: str | None, kind: str) -> None:
    assert number_kind(raw, "UA") == kind


@pytest.mark.parametrize(
    "other", ["+380671234568", "+380681234567", "+38067123456", "+79671234567", "+49671234567", "671234568"]
)
def test_near_numbers_stay_apart(other: str) -> None:
    assert number_key(other, "UA") != KYIVSTAR


def test_the_shops_country_decides_what_a_national_number_is() -> None:
    assert number_key("0301234567", "DE") == "+49301234567"
    assert number_key("8 912 345-67-89", "RU") == "+79123456789"


async def match(hub: Hub, number: str) -> CallerMatch:
    def ask(connection: Connection) -> CallerMatch:
        return match_callers(connection, [number], "UA")[number]

    return await hub.database.read(ask)


async def test_sixty_callers_are_one_client(hub: Hub) -> None:
    client = await make_client(hub, "Ірина Коваль", "067 123-45-67")

    def ask(connection: Connection) -> dict[str, CallerMatch]:
        return match_callers(connection, FORMS + NOBODYS, "UA")

    matches = await hub.database.read(ask)
    assert {matches[form].client_id for form in FORMS} == {client.id}
    assert {matches[form].client_id for form in NOBODYS} == {None}
    assert all(matches[form].candidates == () for form in NOBODYS)


async def test_a_family_phone_gives_candidates_and_no_client(hub: Hub) -> None:
    wife = await make_client(hub, "Олена", "0501112233")
    husband = await make_client(hub, "Петро", "+380501112233")
    found = await match(hub, "380501112233")
    assert found.client_id is None
    assert {c.client_id for c in found.candidates} == {wife.id, husband.id}
    assert {c.reason for c in found.candidates} == {"exact_number"}


async def test_a_companys_number_says_so(hub: Hub) -> None:
    await make_client(hub, "ТОВ Таксі", "0441112233", kind="company")
    assert (await match(hub, "0441112233")).candidates[0].reason == "company_number"


async def test_candidates_come_with_their_cars(hub: Hub) -> None:
    client = await make_client(hub, "Олена", "0501112233")
    await make_car(hub, plate="АА1234ВВ", model="Octavia", client_id=client.id)
    async with crm_of(hub) as crm:
        found = await crm.caller("0501112233")
    assert found.candidates[0].owns == ("Octavia АА1234ВВ",)


async def test_archived_people_are_never_offered(hub: Hub) -> None:
    await make_client(hub, "Колишній", "0501112233", is_archived=True)
    assert (await match(hub, "0501112233")).candidates == ()


async def test_a_client_with_only_a_number_is_recognised_by_it(hub: Hub) -> None:
    client = await make_client(hub, "", "0501112233")
    found = await match(hub, "0501112233")
    assert found.client_id == client.id
    assert found.candidates[0].name == "+380501112233"


async def test_every_phone_of_a_client_counts(hub: Hub) -> None:
    client = await make_client(hub, "Багато", *(f"050111223{n}" for n in range(7)))
    assert {(await match(hub, f"050111223{n}")).client_id for n in range(7)} == {client.id}


async def test_an_internal_number_on_a_card_matches_no_caller(hub: Hub) -> None:
    await make_client(hub, "Майстер", "101", relation="staff")
    assert (await match(hub, "101")).candidates == ()


async def test_a_number_that_no_plan_knows_matches_exactly(hub: Hub) -> None:
    client = await make_client(hub, "Сусід", "2345678")
    assert (await match(hub, "234-56-78")).client_id == client.id
    assert (await match(hub, "12345678")).candidates == ()


async def test_a_supplier_is_no_client_but_known(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        supplier = await crm.mark_not_client("0441112233", "supplier", "Запчастини ТОВ")
    found = await match(hub, "+380441112233")
    assert (found.client_id, found.relation) == (None, "supplier")
    assert found.candidates[0].client_id == supplier.id
    assert supplier.kind == "company"


async def test_spam_needs_no_name_and_is_remembered(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        await crm.mark_not_client("0800111222", "spam")
    assert (await match(hub, "0 800 111 222")).relation == "spam"


async def test_marking_again_changes_the_mark(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        first = await crm.mark_not_client("0441112233", "spam")
        second = await crm.mark_not_client("0441112233", "supplier", "Шини")
    assert first.id == second.id
    assert (second.relation, second.name) == ("supplier", "Шини")


async def test_a_clients_number_is_not_marked_by_one_key(hub: Hub) -> None:
    client = await make_client(hub, "Олена", "0501112233")
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict) as raised:
            await crm.mark_not_client("0501112233", "spam")
    assert raised.value.code == "crm.number_of_client"
    assert raised.value.data["candidates"] == [{"client_id": client.id, "name": "Олена"}]


@pytest.mark.parametrize("number", ["", "anonymous", "101", "KYIVSTAR"])
@pytest.mark.one_on_postgres
async def test_what_identifies_nobody_cannot_be_marked(hub: Hub, number: str) -> None:
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid):
            await crm.mark_not_client(number, "spam")


async def test_quick_create_offers_who_has_the_number(hub: Hub) -> None:
    client = await make_client(hub, "Олена", "0501112233")
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict) as raised:
            await crm.quick_create("380501112233", "Інша")
        assert raised.value.data["candidates"] == [{"client_id": client.id, "name": "Олена"}]
        shared = await crm.quick_create("380501112233", "Інша", allow_shared=True)
    assert shared.phones[0].number == "+380501112233"


async def test_quick_create_takes_the_car_along(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        client = await crm.quick_create("0501112233", "Нова", plate="КА7777ОО", model="Golf")
        cars = await crm.vehicles_of([client.id])
    assert [car.title for car in cars[client.id]] == ["Golf КА7777ОО"]


async def test_quick_create_without_a_number_needs_a_name(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        assert (await crm.quick_create(None, "Прихований")).phones == ()
        with pytest.raises(Invalid):
            await crm.create_client(entry(""))
