"""Recordings that stay until a day; legal holds that a manager proposes; who may do what (faults.md 4)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import CallEnded, CallMerged
from hub.kernel.context import Apis, HandlerContext
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module, Subscription
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.settings import Settings
from hub.values import CallId
from recordings import jobs
from recordings.api import RecordingsApi, RecordingView
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_erasing import erased
from tests.recordings.test_retention import DAY, Keeping
from tests.recordings.test_review import csrf
from tests.recordings.test_sharing import post
from tests.recordings.test_upkeep import run
from tests.webui.stage import Shop

Browser = TestClient[Any, Any]
ORDER = {"reason": "замовлення 1042, гарантія"}


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


async def states(spool: Spool) -> dict[str, str]:
    await jobs.erase_over(run(spool))
    return {one.id: one.state for one in await spool.recordings()}


async def test_a_person_keeps_a_recording_until_a_day_and_retention_obeys(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    one, other = [await recording(hub, started_at=frozen_clock.now()) for _ in range(2)]
    manager = await shop.signed_in("manager")
    day = (frozen_clock.now() + timedelta(days=200)).date().isoformat()
    page = await post(manager, f"/recordings/{one.id}/keeps", {**ORDER, "until": day}, 303)
    page = await (await manager.get(f"/recordings/{one.id}")).text()
    assert "data-keep" in page
    assert ORDER["reason"] in page
    frozen_clock.advance(199 * DAY)
    assert await states(spool) == {one.id: "ready", other.id: "erased"}
    frozen_clock.advance(2 * DAY)
    assert (await states(spool))[one.id] == "erased"
    [told] = [entry for entry in await shop.entries() if entry.action == "recordings.kept"]
    assert (told.subject, told.details["until"][:7]) == (one.id, "2026-07")


async def test_what_is_kept_no_longer_goes_with_the_others_and_a_hold_outlives_the_day(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    one, held = [await recording(hub, started_at=frozen_clock.now()) for _ in range(2)]
    owner = await shop.signed_in("owner")
    ours = await csrf(owner)
    body = {**ORDER, "until": (frozen_clock.now() + timedelta(days=300)).isoformat()}
    for made in (one, held):
        answer = await owner.post(f"/api/v1/recordings/{made.id}/keeps", json=body, headers=ours)
        assert answer.status == 201, await answer.text()
    [kept] = (await (await owner.get(f"/api/v1/recordings/{one.id}/keeps")).json())["items"]
    assert (kept["reason"], kept["source"]) == (ORDER["reason"], "")
    await Keeping(hub).hold(held)
    answer = await owner.delete(f"/api/v1/recordings/{one.id}/keeps/{kept['id']}", headers=ours)
    assert answer.status == 204
    frozen_clock.advance(100 * DAY)
    assert await states(spool) == {one.id: "erased", held.id: "ready"}
    frozen_clock.advance(300 * DAY)
    assert (await states(spool))[held.id] == "ready"


async def test_who_asks_for_erasure_gets_it_whatever_the_warranty(shop: Shop, hub: Hub, spool: Spool) -> None:
    one = await recording(hub, call_id="c1")
    await Keeping(hub).until("c1", hub.installation.clock.now() + timedelta(days=300))
    await shop.person("owner")
    await erased(shop, await shop.signed_in("manager"), one)
    assert await states(spool) == {one.id: "erased"}


async def test_an_order_keeps_every_recording_of_its_call_also_later_ones_and_says_it_twice(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    await tell_calls(hub, ended("c1", 0, "answered"), ended("c2", 60, "answered"))
    keeping, begun = Keeping(hub), frozen_clock.now()
    for _ in range(2):
        await keeping.until("c1", begun + timedelta(days=150))
    later = await recording(hub, call_id="c1", started_at=begun)
    await keeping.until("c1", begun + timedelta(days=120))
    assert await keeping.words("recordings_keeps") == 1
    owner = await shop.signed_in("owner")
    [kept] = (await (await owner.get(f"/api/v1/recordings/{later.id}/keeps")).json())["items"]
    path = f"/api/v1/recordings/{later.id}/keeps/{kept['id']}"
    assert (await owner.delete(path, headers=await csrf(owner))).status == 409
    frozen_clock.advance(119 * DAY)
    assert await states(spool) == {later.id: "ready"}
    frozen_clock.advance(2 * DAY)
    assert await states(spool) == {later.id: "erased"}


async def on_call_ended(event: CallEnded, ctx: HandlerContext) -> None:
    """What a module of work does: its order's warranty keeps the call's recordings."""
    await ctx.apis.of(RecordingsApi).keeps.keep_call(
        event.call.call_id, ctx.clock.now() + timedelta(days=150), source="warranties", external_id="w-1",
        reason="гарантія на колодки",
    )  # fmt: skip


def warranties(folder: Path) -> Module:
    """A module of work, as one is attached."""
    folder.mkdir()
    heard = Subscription("warranties.on_call_ended", (CallEnded,), handle=on_call_ended)
    return Module(
        name="warranties", title="Warranties", folder=folder, requires=("recordings",), handlers=(heard,)
    )


async def test_a_module_that_is_attached_keeps_recordings_until_its_warranty_ends(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    journal = FileJournal(tmp_path / "journal", 30)
    modules = (*MODULES, warranties(tmp_path / "warranties"))
    hub = Hub(settings, modules, clock=frozen_clock, journal=journal)
    await hub.open()
    try:
        spool = open_spool(hub, tmp_path / "spool")
        begun = frozen_clock.now()
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            uow.publish(CallEnded(step=1, call=ended("c1", 0, "answered")))
        await settled(hub)
        theirs = await recording(hub, call_id="c1", started_at=begun)
        others = await recording(hub, started_at=begun)
        frozen_clock.advance(149 * DAY)
        assert await states(spool) == {theirs.id: "ready", others.id: "erased"}
        frozen_clock.advance(2 * DAY)
        assert await states(spool) == {theirs.id: "erased", others.id: "erased"}
    finally:
        await hub.close()


async def test_a_call_that_becomes_part_of_another_takes_its_warranty_along(
    hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    await tell_calls(hub, ended("c1", 0, "answered"), ended("c2", 60, "answered"))
    one = await recording(hub, call_id="c1", started_at=frozen_clock.now())
    await Keeping(hub).until("c1", frozen_clock.now() + timedelta(days=200))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.publish(CallMerged(step=9, call_id=CallId("c1"), into_call_id=CallId("c2")), external_id="m1")
    await settled(hub)
    frozen_clock.advance(150 * DAY)
    assert await states(spool) == {one.id: "ready"}


@pytest.mark.parametrize("until", ["", "2020-01-01", "2099-01-01", "31.12.2026", "9999-12-31"])
@pytest.mark.one_on_postgres
async def test_a_day_that_is_none_is_refused(shop: Shop, hub: Hub, until: str) -> None:
    one = await recording(hub)
    await post(await shop.signed_in("owner"), f"/recordings/{one.id}/keeps", {**ORDER, "until": until}, 422)


async def proposal(browser: Browser, one: RecordingView) -> dict[str, Any]:
    await post(browser, f"/recordings/{one.id}/holds/proposed", {"reason": "спір зі страховою"}, 303)
    [held] = (await (await browser.get(f"/api/v1/recordings/{one.id}/holds")).json())["items"]
    return dict(held)


async def test_a_manager_proposes_a_hold_and_an_owner_confirms_it(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    one = await recording(hub, started_at=frozen_clock.now())
    manager, owner = await shop.signed_in("manager"), await shop.signed_in("owner")
    held = await proposal(manager, one)
    assert held["is_proposal"]
    confirm = f"/recordings/{one.id}/holds/{held['id']}/confirm"
    await post(manager, confirm, {}, 403)
    await post(manager, f"/recordings/{one.id}/holds/{held['id']}/lift", {}, 403)
    assert "/recordings/holds" in await (await owner.get("/recordings")).text()
    assert "спір зі страховою" in await (await owner.get("/recordings/holds")).text()
    assert (await manager.get("/recordings/holds")).status == 403
    await post(owner, confirm, {}, 303)
    assert "/recordings/holds" not in await (await owner.get("/recordings")).text()
    frozen_clock.advance(120 * DAY)
    assert await states(spool) == {one.id: "ready"}


async def test_a_proposal_that_nobody_decides_holds_for_two_weeks(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    one = await recording(hub, started_at=frozen_clock.now())
    frozen_clock.advance(85 * DAY)
    await proposal(await shop.signed_in("manager"), one)
    frozen_clock.advance(13 * DAY)
    assert await states(spool) == {one.id: "ready"}
    frozen_clock.advance(2 * DAY)
    assert await states(spool) == {one.id: "erased"}


async def test_a_proposal_that_is_declined_holds_nothing(shop: Shop, hub: Hub) -> None:
    one = await recording(hub)
    manager, owner = await shop.signed_in("manager"), await shop.signed_in("owner")
    held = await proposal(manager, one)
    await post(owner, f"/recordings/{one.id}/holds/{held['id']}/lift", {}, 303)
    await post(owner, f"/recordings/{one.id}/holds/{held['id']}/confirm", {}, 409)
    await erased(shop, manager, one)


@pytest.mark.parametrize(("first", "then"), [("", ""), ("", "1"), ("1", ""), ("1", "1")])
async def test_what_was_proposed_once_is_not_put_off_by_another_proposal(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock, first: str, then: str
) -> None:
    await tell_calls(hub, ended("c1", 0, "answered"))
    one = await recording(hub, call_id="c1", started_at=frozen_clock.now())
    path, again = f"/recordings/{one.id}/holds/proposed", {**ORDER, "call": then}
    manager = await shop.signed_in("manager")
    await post(manager, path, {**ORDER, "call": first}, 303)
    await post(manager, path, again, 409)
    frozen_clock.advance(15 * DAY)
    assert await states(spool) == {one.id: "ready"}
    await post(await shop.sign_in("manager"), path, again, 409)
    await post(await shop.signed_in("owner"), f"/recordings/{one.id}/holds", ORDER, 303)


RIGHTS = dict.fromkeys(("mechanic", "storekeeper", "accountant", "fleet_manager", "integration"), "")
MATRIX = {
    "recordings.listen": {**RIGHTS, "owner": "all", "manager": "shop", "receptionist": "own", "cashier": ""},
    "recordings.export": {**RIGHTS, "owner": "all", "manager": "shop", "receptionist": "", "cashier": ""},
    "recordings.export_alone": {**RIGHTS, "owner": "all", "manager": "", "receptionist": "", "cashier": ""},
    "recordings.control": {
        **RIGHTS, "owner": "all", "manager": "shop", "receptionist": "own", "cashier": "own",
    },
    "recordings.stop_erase": {
        **RIGHTS, "owner": "all", "manager": "shop", "receptionist": "", "cashier": "", "master": "",
    },
    "recordings.hold": {**RIGHTS, "owner": "all", "manager": "", "receptionist": "", "cashier": ""},
    "recordings.propose_hold": {
        **RIGHTS, "owner": "all", "manager": "shop", "receptionist": "", "cashier": "",
    },
}  # fmt: skip


@pytest.mark.parametrize("right", MATRIX)
def test_rights_are_those_of_the_table(right: str) -> None:
    [module] = [one for one in MODULES if one.name == "recordings"]
    [found] = [one for one in module.permissions if one.name == right]
    assert {role: found.grants.get(role, "") for role in MATRIX[right]} == MATRIX[right]


async def test_a_program_gets_no_recording(shop: Shop, hub: Hub) -> None:
    one = await recording(hub)
    program = await shop.signed_in("integration")
    for path in ("", "/media", "/peaks", "/marks", "/clips", "/holds", "/keeps"):
        assert (await program.get(f"/api/v1/recordings/{one.id}{path}")).status == 403, path


def _api(hub: Hub, uow: Any) -> RecordingsApi:
    return Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi)


async def test_keeping_nothing_that_is_not_kept_changes_nothing(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await _api(hub, uow).keeps.keep_call("c9", None, source="orders", external_id="1", reason="")
    assert await Keeping(hub).words("recordings_keeps") == 0
