"""Clients: what is kept, what is refused, who changed it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.errors import Conflict, Invalid, NotFound
from hub.modules.crm.api import ClientEntry, PhoneEntry, VehicleEntry, entry_of
from tests.factories.crm import crm_of, entry, make_client


async def facts(hub: Hub) -> Sequence[str]:
    def read(connection: Connection) -> Sequence[str]:
        query = "SELECT key FROM event_outbox WHERE name = 'crm.client_phone_added' ORDER BY id"
        return list(connection.execute(text(query)).scalars())

    return await hub.database.read(read)


async def test_a_client_comes_back_as_entered(hub: Hub) -> None:
    made = await make_client(
        hub, "  О'Коннор Мар’яна ", "067/123-45-67", emails=("m@example.com",), tags=("VIP", "VIP", " "),
        language="uk", note="дзвонити\nпісля 18",
    )  # fmt: skip
    assert made.name == "О'Коннор Мар’яна"
    assert (made.phones[0].number, made.phones[0].raw) == ("+380671234567", "067/123-45-67")
    assert (made.emails, made.tags, made.language) == (("m@example.com",), ("VIP",), "uk")
    assert made.note == "дзвонити\nпісля 18"
    assert (made.rev, made.kind, made.relation, made.is_archived) == (1, "person", "client", False)


async def test_two_writings_of_one_phone_are_one_phone(hub: Hub) -> None:
    made = await make_client(hub, "Двічі", "0671234567", "+380 67 123 45 67")
    assert len(made.phones) == 1


async def test_exactly_one_phone_is_main_and_stands_first(hub: Hub) -> None:
    phones = (PhoneEntry(number="0501111111"), PhoneEntry(number="0502222222", label="робочий", is_main=True))
    async with crm_of(hub) as crm:
        made = await crm.create_client(ClientEntry(name="Два", phones=phones))
    assert [(p.number, p.is_main) for p in made.phones] == [("+380502222222", True), ("+380501111111", False)]


async def test_a_short_number_may_be_saved(hub: Hub) -> None:
    made = await make_client(hub, "Майстер", "101", relation="staff")
    assert made.phones[0].number == "101"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 201}, "name"), ({"name": "a\x00b"}, "name"),
        ({"name": "a", "emails": ("nobody",)}, "emails"), ({"name": "a", "emails": ("a@b@c.ua",)}, "emails"),
        ({"name": "a", "kind": "robot"}, "kind"), ({"name": "a", "relation": "enemy"}, "relation"),
        ({"name": "a", "language": "xx"}, "language"), ({"name": "a", "note": "n" * 10_001}, "note"),
        ({"name": "a", "tags": tuple(str(n) for n in range(31))}, "tags"),
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_what_is_wrong_is_refused_by_field(hub: Hub, values: dict[str, object], field: str) -> None:
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid) as raised:
            await crm.create_client(entry(**values))
    assert field in raised.value.fields


@pytest.mark.parametrize("number", ["anonymous", "<unknown>", "x" * 65])
async def test_a_withheld_or_endless_number_is_no_phone(hub: Hub, number: str) -> None:
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid) as raised:
            await crm.create_client(entry("Хтось", number))
    assert "phones" in raised.value.fields


async def test_a_change_replaces_and_counts_the_revision(hub: Hub) -> None:
    made = await make_client(hub, "Стара", "0501111111")
    async with crm_of(hub) as crm:
        changed = await crm.change_client(made.id, 1, entry("Нова", "0502222222"))
        hits = [(await crm.search(text)) for text in ("стара", "нова")]
    assert (changed.name, changed.rev) == ("Нова", 2)
    assert [phone.number for phone in changed.phones] == ["+380502222222"]
    assert [len(found) for found in hits] == [0, 1]


async def test_the_slower_of_two_is_told(hub: Hub) -> None:
    made = await make_client(hub, "Спільна")
    async with crm_of(hub) as crm:
        await crm.change_client(made.id, 1, entry("Перша"))
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict) as raised:
            await crm.change_client(made.id, 1, entry("Друга"))
        assert (await crm.client(made.id)).name == "Перша"
    assert raised.value.data["rev"] == 2


async def test_an_unknown_client_is_not_found(hub: Hub) -> None:
    async with crm_of(hub) as crm:
        for client_id in ("0" * 26, "", "\x00", "' OR 1=1"):
            with pytest.raises(NotFound):
                await crm.client(client_id)


async def test_only_a_new_number_is_a_fact(hub: Hub) -> None:
    made = await make_client(hub, "Факт", "0501111111")
    async with crm_of(hub) as crm:
        same = await crm.change_client(made.id, 1, entry("Факт", "+380501111111"))
        await crm.change_client(made.id, 2, replace(entry_of(same), phones=(PhoneEntry(number="101"),)))
    async with crm_of(hub) as crm:
        await crm.change_client(made.id, 3, entry("Ф", "0502222222"))
    assert await facts(hub) == ["number:+380501111111", "number:+380502222222"]


@pytest.mark.parametrize(
    ("name", "number", "line"),
    [
        ("Ірина Коваль", "0501112233", "Ірина Коваль Octavia АА1234ВВ"),
        ("X" * 60, "0501112233", "X" * 40),
        ("a\r\nb\tc\u2028d", "0501112233", "a b c d Octavia АА1234ВВ"),
        ("", "0501112233", "+380501112233 Octavia АА1234ВВ"),
    ],
)
@pytest.mark.one_on_postgres
async def test_the_display_line_is_short_and_one_line(hub: Hub, name: str, number: str, line: str) -> None:
    client = await make_client(hub, name, number)
    async with crm_of(hub) as crm:
        await crm.create_vehicle(VehicleEntry(plate="АА1234ВВ", model="Octavia", client_id=client.id))
        assert await crm.cid_line(number) == line


async def test_the_display_line_of_a_stranger_is_empty_and_of_a_family_both_names(hub: Hub) -> None:
    await make_client(hub, "Олена", "0501112233")
    await make_client(hub, "Петро", "0501112233")
    async with crm_of(hub) as crm:
        lines = [await crm.cid_line(n) for n in ("0509999999", None, "anonymous", "0501112233")]
    assert lines == ["", "", "", "Олена/Петро"]
