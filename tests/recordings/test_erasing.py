"""Erasing a recording on request, or with its client: nothing of it is served, nothing brings it back."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict
from hub.kernel.backup.tombstones import Burial, collect
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from recordings import erasing, jobs, service_clients
from recordings.api import RecordingsApi, RecordingView
from recordings.models import Recording, SpoolFile
from recordings.models_privacy import ErasedRecording
from tests.factories.calls import ended, tell_calls
from tests.factories.crm import crm_of, make_client
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.faults.figures import Fault
from tests.recordings.stage import SOUND, Spool, open_spool
from tests.recordings.test_retention import Keeping
from tests.recordings.test_sharing import link_of, packed, post
from tests.recordings.test_upkeep import run
from tests.webui.stage import PASSWORD, Shop

WHY = {"reason": "клієнт просив листом"}


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


async def erased(shop: Shop, browser: Any, one: RecordingView, status: int = 303) -> None:
    """By a manager, confirmed by the owner."""
    second = {"second_login": "owner", "second_password": PASSWORD}
    await post(browser, f"/recordings/{one.id}/erase", {**WHY, **second}, status)


async def test_nothing_of_an_erased_recording_is_served(shop: Shop, hub: Hub, spool: Spool) -> None:
    one = await recording(hub)
    await settled(hub)
    owner, stranger = await shop.signed_in("owner"), shop.browser()
    manager = await shop.signed_in("manager")
    link = await link_of(owner, one)
    order = await post(owner, "/recordings/bundles/alone", {**WHY, "recording": one.id}, 303)
    archive = await packed(hub, owner, order.headers["Location"])
    assert (await owner.get(archive)).status == 200
    await Keeping(hub).mark(one)
    assert (await owner.get(f"/api/v1/recordings/{one.id}/erasure")).status == 404
    await erased(shop, manager, one)
    told = await (await owner.get(f"/api/v1/recordings/{one.id}/erasure")).json()
    assert (told["rule"], told["reason"]) == ("request", WHY["reason"])
    for browser, path in (
        (owner, f"/recordings/{one.id}/media"), (owner, f"/recordings/{one.id}/media?form=original"),
        (owner, f"/api/v1/recordings/{one.id}/media"), (owner, f"/api/v1/recordings/{one.id}/peaks"),
        (owner, archive), (stranger, link), (stranger, f"{link}/media"), (stranger, f"{link}/peaks"),
    ):  # fmt: skip
        assert (await browser.get(path)).status == 404, path
    await jobs.drop_leavings(run(spool))
    assert spool.in_store() == []
    for table in ("recordings_marks", "recordings_writings", "recordings_bundles"):
        assert await Keeping(hub).words(table) == 0
    page = await (await owner.get(f"/recordings/{one.id}")).text()
    assert 'data-rule="request"' in page
    assert WHY["reason"] in page
    await post(manager, f"/recordings/{one.id}/marks", {"at": "1", "text": "нова"}, 409)


async def test_it_takes_a_reason_a_right_and_a_second_person(shop: Shop, hub: Hub) -> None:
    one = await recording(hub)
    await shop.person("owner")
    manager, desk = await shop.signed_in("manager"), await shop.signed_in("receptionist")
    await post(desk, f"/recordings/{one.id}/erase", WHY, 403)
    await post(manager, f"/recordings/{one.id}/erase", WHY, 422)
    own = {"second_login": "manager", "second_password": PASSWORD}
    await post(manager, f"/recordings/{one.id}/erase", {**WHY, **own}, 422)
    assert (await manager.get(f"/recordings/{one.id}/media")).status == 200
    await erased(shop, manager, one)
    [told] = [entry for entry in await shop.entries() if entry.action == "recordings.erased"]
    assert (told.subject, told.details["reason"]) == (one.id, WHY["reason"])
    assert str(told.details["second"]).startswith("person:")


@pytest.mark.fault("F69")
async def test_a_legal_hold_outlives_a_request(shop: Shop, hub: Hub) -> None:
    one = await recording(hub)
    await shop.person("owner")
    manager = await shop.signed_in("manager")
    await Keeping(hub).hold(one)
    await erased(shop, manager, one, 409)
    assert (await manager.get(f"/recordings/{one.id}/media")).status == 200


async def their_recordings(hub: Hub) -> tuple[str, RecordingView, RecordingView, RecordingView]:
    """A client with two calls, and a stranger's call."""
    client = await make_client(hub, "Ірина", "+380501234567")
    await tell_calls(
        hub, ended("1", 0, "answered"), ended("2", 60, "answered"),
        ended("3", 90, "answered", from_number="+380671112233"),
    )  # fmt: skip
    made = [await recording(hub, call_id=call) for call in ("1", "2", "3")]
    await settled(hub)
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(3600)
    return client.id, made[0], made[1], made[2]


async def test_erasing_a_client_erases_their_recordings_and_what_is_held_goes_with_the_hold(
    hub: Hub, spool: Spool
) -> None:
    client_id, free, held, other = await their_recordings(hub)
    hold = await Keeping(hub).hold(held)
    async with crm_of(hub) as crm:
        await crm.erasing.erase(client_id, "за листом", None)
    await settled(hub)
    await jobs.erase_over(run(spool))
    states = {one.id: one.state for one in await spool.recordings()}
    assert states == {free.id: "erased", held.id: "ready", other.id: "ready"}
    assert not [name for name in spool.in_store() if free.id in name]
    assert await Keeping(hub).words("event_outbox WHERE name = 'recording.erased'") == 1
    await Keeping(hub).lift(held, hold)
    await jobs.erase_over(run(spool))
    assert await Keeping(hub).rule_of(held) == "client"


@pytest.mark.fault("F69")
async def test_a_hold_that_is_laid_as_the_client_is_erased_keeps_the_recording_or_comes_too_late(
    hub: Hub, fault: Fault
) -> None:
    for chance in fault.runs(full=100, sample=6):
        number = f"+38050{chance.randrange(10**6, 10**7)}"
        client = await make_client(hub, "Ірина", number)
        await tell_calls(hub, ended(f"r{number[1:]}", 0, "answered", from_number=number))
        made = await recording(hub, call_id=f"r{number[1:]}")
        clock = hub.installation.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(60)

        async def erase(client_id: str = client.id, wait: float = chance.random() * 0.02) -> None:
            await asyncio.sleep(wait)
            async with crm_of(hub) as crm:
                await crm.erasing.erase(client_id, "за листом", None)

        with fault.run(number):
            held, gone = await asyncio.gather(Keeping(hub).hold(made), erase(), return_exceptions=True)
            assert gone is None
            async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
                state = (await RecordingsApi(uow, hub.installation.deps).one(made.id)).state
            assert (state == "ready") == isinstance(held, str)
            assert isinstance(held, (str, Conflict))


@pytest.mark.fault("F69")
async def test_a_restored_older_backup_does_not_bring_it_back(hub: Hub, spool: Spool) -> None:
    client_id, one, two, _ = await their_recordings(hub)
    found: dict[str, frozenset[str]] = {}

    def marks(connection: Connection) -> None:
        stones = [module.tombstones for module in MODULES if module.tombstones is not None]
        found.update({kind: frozenset(refs) for kind, refs in collect(connection, stones).items()})

    class _Undo(Exception):
        """As if a backup of before had been put back."""

    async def erase() -> None:
        async with crm_of(hub) as crm:
            await crm.erasing.erase(client_id, "за листом", None)
            await crm.erasing._uow.read(marks)
            raise _Undo

    with pytest.raises(_Undo):
        await erase()
    assert {row.state for row in await spool.recordings()} == {"ready"}
    burial = Burial(marks=found, at=hub.installation.clock.now(), is_whole=True)

    def bury(connection: Connection) -> None:
        for _ in range(2):
            for module in MODULES:
                if module.tombstones is not None:
                    module.tombstones.bury(connection, burial)

    await hub.database.write(bury)
    await jobs.drop_leavings(run(spool))
    gone = {row.id for row in await spool.recordings() if row.state == "erased"}
    assert gone == {one.id, two.id}
    assert await Keeping(hub).rule_of(one) == "restored"
    assert not [name for name in spool.in_store() if one.id in name or two.id in name]


async def test_a_kept_spool_does_not_bring_back_what_the_restored_backup_never_knew(
    hub: Hub, tmp_path: Path
) -> None:
    spool = open_spool(hub, tmp_path / "spool", spool_after="keep")
    spool.write("done/a.wav")
    sha256 = hashlib.sha256(SOUND).hexdigest()
    await spool.look()
    (one,) = await spool.recordings()
    found: dict[str, frozenset[str]] = {}

    def tell(connection: Connection) -> None:
        erasing.erase(connection, [one.id], erasing.Why(rule="request", at=hub.installation.clock.now()))
        stones = [module.tombstones for module in MODULES if module.tombstones is not None]
        found.update({kind: frozenset(refs) for kind, refs in collect(connection, stones).items()})
        for table in (Recording, SpoolFile, ErasedRecording):
            connection.execute(delete(table))

    await hub.database.write(tell)
    assert sha256 in str(found)
    burial = Burial(marks=found, at=hub.installation.clock.now(), is_whole=True)
    await hub.database.write(lambda connection: service_clients.TOMBSTONES.bury(connection, burial))
    await jobs.drop_leavings(run(spool))
    await open_spool_again(spool).look()
    assert [(row.state, row.source_name) for row in await spool.recordings()] == [("erased", "")]
    assert (spool.in_spool(), spool.in_store()) == ([], [])


def open_spool_again(spool: Spool) -> Spool:
    """As a process that begins anew sees it."""
    return open_spool(spool.hub, spool.root, spool_after="keep")
