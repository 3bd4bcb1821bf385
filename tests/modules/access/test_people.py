"""Employees, their phones, and who may change whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hub.app import Hub
from hub.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from hub.kernel.web import Viewer
from hub.modules.access.api import PersonEntry
from hub.values import ShopId
from tests.modules.access.conftest import Open


async def test_a_person_is_found_by_each_extension_and_the_mobile(access: Open) -> None:
    async with access() as api:
        made = await api.create_person(
            "  Ivan   Petrenko ", "receptionist", extensions=["PJSIP/102", "101"], mobile="050 123-45-67"
        )
        assert made.name == "Ivan Petrenko"
        assert made.extensions == ("101", "102")
        assert made.mobile == "+380501234567"
    async with access() as api:
        found = await api.people_by_extension()
        assert {key: one.id for key, one in found.items()} == dict.fromkeys(
            ("101", "102", "+380501234567"), made.id
        )
        assert await api.person_by_extension("102") == made
        assert await api.person_by_extension("103") is None


async def test_who_left_answers_no_phone_and_his_mobile_is_free(access: Open) -> None:
    async with access() as api:
        old = await api.create_person("Old", "mechanic", extensions=["101"], mobile="0501234567")
        entry = PersonEntry(name="Old", role="mechanic", mobile=old.mobile, is_active=False)
        await api.people.change(old.id, old.rev, entry)
    async with access() as api:
        assert await api.people_by_extension() == {}
        new = await api.create_person("New", "mechanic", extensions=["101"], mobile="+380501234567")
        assert (await api.people_by_extension())["101"].id == new.id
        assert [one.name for one in await api.list_people(only_active=True)] == ["New"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"extensions": ["101"]}, "access.extension_taken"),
        ({"extensions": ["pjsip/101"]}, "access.extension_taken"),
        ({"mobile": "+380 50 123 45 67"}, "access.mobile_taken"),
    ],
)
async def test_a_phone_belongs_to_one_person(access: Open, more: dict[str, object], code: str) -> None:
    async with access() as api:
        await api.create_person("First", "mechanic", extensions=["101"], mobile="0501234567")
    with pytest.raises(Conflict) as refused:
        async with access() as api:
            await api.create_person("Second", "mechanic", **more)  # type: ignore[arg-type]  # each case fits
    assert refused.value.code == code
    assert refused.value.data["name"] == "First"
    async with access() as api:
        assert len(await api.list_people()) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"role": "king"}, "role"),
        ({"mobile": "12"}, "mobile"),
        ({"language": "de"}, "language"),
    ],
)
@pytest.mark.one_on_postgres
async def test_what_is_wrong_is_named_by_its_field(access: Open, changed: dict[str, str], field: str) -> None:
    entry = PersonEntry(**{"name": "A", "role": "mechanic", **changed})  # type: ignore[arg-type]  # each case fits
    with pytest.raises(Invalid) as refused:
        async with access() as api:
            await api.people.create(entry)
    assert set(refused.value.fields) == {field}


async def test_a_change_of_an_old_state_is_refused(access: Open) -> None:
    async with access() as api:
        person = await api.create_person("A", "mechanic")
        await api.people.change(person.id, person.rev, PersonEntry(name="B", role="mechanic"))
    with pytest.raises(Conflict) as refused:
        async with access() as api:
            await api.people.change(person.id, person.rev, PersonEntry(name="C", role="mechanic"))
    assert refused.value.code == "access.stale"


async def test_the_last_owner_who_can_sign_in_cannot_be_taken_away(access: Open, password_hash: str) -> None:
    async with access() as api:
        first = await api.create_person("A", "owner", login="a", password_hash=password_hash)
        await api.create_person("B", "owner")
    for entry in (
        PersonEntry(name="A", role="manager"),
        PersonEntry(name="A", role="owner", is_active=False),
    ):
        with pytest.raises(Conflict) as refused:
            async with access() as api:
                await api.people.change(first.id, None, entry)
        assert refused.value.code == "access.last_owner"
    async with access() as api:
        await api.create_person("C", "owner", login="c", password_hash=password_hash)
        await api.people.change(first.id, None, PersonEntry(name="A", role="manager"))


@pytest.mark.parametrize(
    ("by", "role", "may"),
    [
        ("owner", "owner", True),
        ("manager", "receptionist", True),
        ("manager", "manager", False),
        ("manager", "owner", False),
        ("receptionist", "mechanic", True),
        ("mechanic", "receptionist", False),
    ],
)
@pytest.mark.one_on_postgres
async def test_roles_are_given_only_downwards(
    access: Open, as_role: Callable[[str], Viewer], by: str, role: str, may: bool
) -> None:
    """(Whether one may make people at all is the route's right.)"""
    if may:
        async with access() as api:
            assert (await api.people.create(PersonEntry(name="A", role=role), as_role(by))).role == role
        return
    with pytest.raises(NotAllowed):
        async with access() as api:
            await api.people.create(PersonEntry(name="A", role=role), as_role(by))


async def test_a_person_of_another_shop_does_not_exist(
    access: Open, as_role: Callable[[str], Viewer]
) -> None:
    async with access() as api:
        person = await api.create_person("A", "mechanic")
    elsewhere = frozenset({ShopId("elsewhere")})
    async with access() as api:
        with pytest.raises(NotFound):
            await api.person(person.id, elsewhere)
        assert await api.list_people(elsewhere) == []
        with pytest.raises(NotFound):
            await api.people.create(PersonEntry(name="B", role="mechanic", shop_id=ShopId("elsewhere")))


async def test_changes_are_hinted_so_that_the_door_looks_again(hub: Hub, access: Open) -> None:
    watcher = hub.live.subscribe()
    async with access() as api:
        person = await api.create_person("A", "mechanic")
    hint = await watcher.next()
    assert hint is not None
    assert (hint.topic, hint.id) == ("access", person.id)


async def test_a_token_has_never_more_than_its_maker_has_today(
    access: Open, as_role: Callable[[str], Viewer], password_hash: str
) -> None:
    with pytest.raises(NotAllowed):
        async with access() as api:
            await api.tokens.create("x", "owner", as_role("manager"))
    async with access() as api:
        person = await api.create_person("M", "owner", login="m", password_hash=password_hash)
        await api.create_person("O", "owner", login="o", password_hash=password_hash)
        maker = Viewer(
            kind="person", id=person.id, name="M", role="owner", rights=as_role("owner").rights,
            shop_id=person.shop_id, shop_ids=frozenset({person.shop_id}), language="en",
        )  # fmt: skip
        _, secret = await api.tokens.create("x", "owner", maker)
        viewer = await api.authenticate_token(secret)
        assert viewer is not None
        assert viewer.can("settings.edit")
    async with access() as api:
        await api.people.change(person.id, None, PersonEntry(name="M", role="manager"))
        demoted = await api.authenticate_token(secret)
        assert demoted is not None
        assert not demoted.can("settings.edit")
        assert demoted.rights["people.view"] == "shop"


@pytest.mark.parametrize("number", range(3))
async def test_two_owners_who_demote_each_other_at_the_same_moment_leave_one(
    hub: Hub, access: Open, password_hash: str, number: int
) -> None:
    async with access() as api:
        first = await api.create_person("A", "owner", login="a", password_hash=password_hash)
        second = await api.create_person("B", "owner", login="b", password_hash=password_hash)

    async def demote(person_id: str) -> bool:
        try:
            async with access() as api:
                await api.people.change(person_id, None, PersonEntry(name="X", role="manager"))
                await asyncio.sleep(0.05)
        except Conflict as error:
            return error.code != "access.last_owner"
        except Unavailable:  # their transactions crossed on the server: tried again, as every page does
            return await demote(person_id)
        else:
            return True

    assert sorted(await asyncio.gather(demote(first.id), demote(second.id))) == [False, True]
    async with access() as api:
        assert len([one for one in await api.list_people() if one.role == "owner"]) == 1
