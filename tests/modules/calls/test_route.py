"""Whom a PBX should ring for a caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import PbxLinkLost
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.hosts import ClientHost
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import CrmApi
from hub.settings import Settings
from hub.values import ShopId
from tests.factories.calls import LINE, ended, party, tell_calls
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, site_of
from tests.modules.presence.told import changed, choose, member, phone, tell, whole

ROUTE = "/api/v1/route"
CALLER = "+380501234567"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        await access.create_person("Оксана", "receptionist", extensions=["101"])
        await access.create_person("Тарас", "master", extensions=["105"], mobile="+380671112233")
    client = await site_of(hub)
    yield client
    await client.close()


async def asked(site: Client, number: str = "050 123 45 67") -> tuple[str | None, str, str]:
    status, body = await get_json(site, ROUTE, number=number)
    assert status == 200
    return body["extension"], body["person"], body["reason"]


QUEUE = (None, "", "queue")
TARAS = ("105", "Тарас", "talked_last")


async def test_whoever_talked_with_the_caller_last_is_named(hub: Hub, site: Client) -> None:
    await tell_calls(
        hub,
        ended("1", 0, "answered", answered_by="101", last_extension="101"),
        ended("2", 60, "answered", answered_by="101", last_extension="105"),
        ended("3", 120, "missed", parties=(party("101", outcome="no_answer"),)),
    )
    assert await asked(site) == TARAS


async def test_a_client_is_one_person_on_all_phones(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", "0501234567", "0631112233")
    await tell_calls(hub, ended("1", 0, "answered", answered_by="105", last_extension="105"))
    status, body = await get_json(site, ROUTE, number="0631112233")
    assert (status, body["extension"], body["client_id"], body["call_id"]) == (200, "105", client.id, "1")


async def test_a_call_that_we_made_counts_as_well(hub: Hub, site: Client) -> None:
    await tell_calls(
        hub,
        ended("1", 0, "answered", direction="outbound", from_number=LINE, to_number=CALLER,
              answered_by=CALLER, last_extension="105", parties=(party("105", outcome="answered"),)),
    )  # fmt: skip
    assert await asked(site) == TARAS


@pytest.mark.parametrize("where", ["999", "+380671112233"])
async def test_who_is_gone_or_was_reached_on_a_mobile_is_not_rung(hub: Hub, site: Client, where: str) -> None:
    await tell_calls(hub, ended("1", 0, "answered", answered_by=where, last_extension=where))
    assert await asked(site) == QUEUE


@pytest.mark.parametrize("number", ["", "anonymous", "0509999999", "x" * 128, "'; DROP TABLE calls_calls"])
async def test_nobody_in_particular_is_the_queue(hub: Hub, site: Client, number: str) -> None:
    await tell_calls(hub, ended("1", 0, "answered", answered_by="105", last_extension="105"))
    assert await asked(site, number) == QUEUE


async def test_a_withheld_number_needs_no_number_at_all(site: Client) -> None:
    status, body = await get_json(site, ROUTE)
    assert (status, body["reason"]) == (200, "queue")
    status, _ = await get_json(site, ROUTE, number="1" * 129)
    assert status == 422


async def test_who_is_absent_is_not_named_and_whoever_talked_before_is(hub: Hub, site: Client) -> None:
    """Away, not to be disturbed, pausing in every queue, by whom it was said or ordered."""
    await tell_calls(
        hub,
        ended("1", 0, "answered", answered_by="101", last_extension="101"),
        ended("2", 60, "answered", answered_by="105", last_extension="105"),
    )
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        people = {one.name: one for one in await AccessApi(uow, hub.installation.deps).list_people()}
    taras, before = people["Тарас"], ("101", "Оксана", "talked_last")
    await tell(hub, whole(phone("105"), phone("101"), member("105"), member("101")))
    assert await asked(site) == TARAS
    for kind in ("away", "do_not_disturb"):
        await choose(hub, taras, kind)
        assert await asked(site) == before
        await tell(hub, PbxLinkLost(pbx="ami", reason="cut"))
        assert await asked(site) == before, "what they said of themselves holds without the PBX too"
        await choose(hub, taras, "here")
        await tell(hub, whole(phone("105"), phone("101"), member("105"), member("101")))
        assert await asked(site) == TARAS
    await tell(hub, changed(phone("105", "talking"), member("105", is_paused=True, reason="Обід")))
    assert await asked(site) == before, "a pause that was begun at the phone"
    await tell(hub, changed(member("105"), phone("105", "do_not_disturb", "Custom:DND105")))
    assert await asked(site) == before, "the PBX's own switch"
    await tell(hub, changed(member("101", is_paused=True)))
    assert await asked(site) == QUEUE
    await tell(hub, PbxLinkLost(pbx="ami", reason="cut"))
    assert await asked(site) == TARAS, "what the PBX told then is not known any more"


async def test_who_pauses_in_one_queue_of_two_is_named(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "answered", answered_by="105", last_extension="105"))
    await tell(hub, whole(phone("105"), member("105", is_paused=True), member("105", "service")))
    assert await asked(site) == TARAS


@pytest.fixture
async def busy(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with one module more, which knows who works on a client's car."""

    async def masters(
        uow: UnitOfWork, deps: Deps, client_id: str, shops: frozenset[ShopId] | None
    ) -> Sequence[str]:
        people = {one.name: one.id for one in await AccessApi(uow, deps).list_people()}
        client = await CrmApi(uow, deps).client(client_id)
        return [people[name] for name in client.note.split() if name in people]

    host = ClientHost(name="works.master", reason="master", order=10, find=masters)
    works = Module(
        name="works", title="Works", folder=tmp_path, feature=BASIS, requires=("crm", "access"), hosts=(host,)
    )
    hub = Hub(
        settings, (*MODULES, works), clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30)
    )  # fmt: skip
    await hub.open()
    yield hub
    await hub.close()


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("Тарас", ("105", "Тарас", "master")),
        ("Юрко Тарас", ("105", "Тарас", "master")),  # Юрко has no phone of the PBX
        ("nobody", ("101", "Оксана", "talked_last")),
    ],
)
async def test_whoever_works_on_the_car_comes_before_whoever_talked_last(
    busy: Hub, note: str, found: tuple[str, str, str]
) -> None:
    async with busy.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, busy.installation.deps)
        await access.create_person("Оксана", "receptionist", extensions=["101"])
        await access.create_person("Тарас", "master", extensions=["105"])
        await access.create_person("Юрко", "master", mobile="+380671112233")
    await make_client(busy, "Ірина", "0501234567", note=note)
    await tell_calls(busy, ended("1", 0, "answered", answered_by="101", last_extension="101"))
    client = await site_of(busy)
    assert await asked(client) == found
    await client.close()
