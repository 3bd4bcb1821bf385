"""The live board shows the keys that would work, to whoever may press them, and no others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import func, select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.stream.outbox import event_outbox
from hub.modules.calls.api import CallView
from hub.modules.catalogue import MODULES
from hub.modules.dialling.rules_keys import keys_for
from hub.modules.presence.service import PresenceService
from hub.ports.commands import CommandKind
from hub.settings import ModulesSettings, Settings
from tests.factories.calls import at, call_of, party, snapshot, tell_calls
from tests.factories.site import get_text, site_of
from tests.kernel.waiting import until
from tests.modules.dialling.shop import Shop
from tests.modules.dialling.told import another_rings, ringing
from tests.modules.presence.told import person

EVERYTHING: frozenset[CommandKind] = frozenset(get_args(CommandKind))
RINGS = snapshot("rings")
TALKS = snapshot(
    "talks", state="talking", answered_at=at(5), answered_by="101", last_extension="101",
    parties=(party("101", answered_at=at(5), outcome="answered"),),
)  # fmt: skip
PARKED = snapshot("parked", state="parked", parked_at_space="701", parties=())
OUTBOUND = snapshot("out", direction="outbound", from_number=None, to_number="+380501234567")

OUTBOUND_PARKED = snapshot("out parked", direction="outbound", from_number=None, to_number="+380501234567",
                           state="parked", parked_at_space="702", parties=())  # fmt: skip


@pytest.fixture
async def calls(hub: Hub) -> dict[str, CallView]:
    told = (RINGS, TALKS, PARKED, OUTBOUND, OUTBOUND_PARKED)
    await tell_calls(hub, *told)
    return {one.call_id: await call_of(hub, one.call_id) for one in told}


@pytest.mark.parametrize(
    ("call", "own", "works", "keys"),
    [
        ("rings", ["102"], EVERYTHING, {"hang_up", "take", "give"}),
        ("rings", ["101"], EVERYTHING, {"hang_up", "give"}),  # the own phone rings
        ("rings", [], EVERYTHING, {"hang_up", "give"}),  # no phone that it could come to
        ("rings", ["102"], EVERYTHING - {"take", "give"}, {"hang_up"}),
        (
            "talks",
            ["102"],
            EVERYTHING,
            {"hang_up", "park", "blind", "attended", "listen", "whisper", "barge"},
        ),
        ("talks", ["101"], EVERYTHING, {"hang_up", "park", "blind", "attended"}),
        ("talks", [], EVERYTHING, {"hang_up", "park", "blind", "attended"}),
        ("talks", ["102"], {"hang_up", "listen"}, {"hang_up", "listen"}),
        ("parked", ["102"], EVERYTHING, {"hang_up", "take", "give"}),
        ("parked", ["102"], EVERYTHING - {"pick_up"}, {"hang_up", "give"}),
        ("parked", ["102"], EVERYTHING - {"take", "give"}, {"hang_up", "take"}),
        ("out parked", ["102"], EVERYTHING, {"hang_up", "take"}),  # no queue that he would be back in
        ("out", ["102"], EVERYTHING, {"hang_up"}),
        ("talks", ["102"], set(), set()),
    ],
)
@pytest.mark.one_on_postgres
async def test_a_key_is_there_where_it_works(
    calls: dict[str, CallView], call: str, own: list[str], works: Collection[CommandKind], keys: set[str]
) -> None:
    assert keys_for(calls[call], own, works, may_steer=True, may_listen=True) == keys


async def test_who_talks_on_a_mobile_cannot_be_put_through_nor_heard(calls: dict[str, CallView]) -> None:
    away = replace(calls["talks"], last_extension="+380671112233")
    assert keys_for(away, ["102"], EVERYTHING, may_steer=True, may_listen=True) == {"hang_up"}


async def test_without_the_right_there_is_none(calls: dict[str, CallView]) -> None:
    def of(**may: bool) -> frozenset[CommandKind]:
        return keys_for(calls["talks"], ["102"], EVERYTHING, **may)

    assert of(may_steer=False, may_listen=False) == frozenset()
    assert of(may_steer=False, may_listen=True) == {"listen", "whisper", "barge"}
    assert of(may_steer=True, may_listen=False) == {"hang_up", "park", "blind", "attended"}


def shown(page: str) -> set[str]:
    """What can be pressed at calls."""
    return set(re.findall(r'action="/dialling/live/[^/]+/([\w-]+)"', page))


async def test_on_the_page_they_are_those_of_the_line_and_of_the_viewer(shop: Shop) -> None:
    async def is_compared() -> bool:
        """What the PBX did not show at the log-in has ended by then."""
        told = await shop.hub.database.read(
            lambda connection: connection.scalar(
                select(func.count()).where(event_outbox.c.name == "pbx.link_restored")
            )
        )
        return bool(told) and (await shop.hub.system.report()).pending_deliveries == 0

    await until(is_compared)
    await tell_calls(shop.hub, TALKS)
    for role, keys in (("owner", {"hang-up", "park", "transfer"}), ("mechanic", set())):
        client = await site_of(shop.hub, role)
        assert shown((await get_text(client, "/calls/live"))[1]) == keys
        await client.close()


async def test_colleagues_stand_by_name_so_that_a_digit_stays_whose_it_is(shop: Shop) -> None:
    call = await ringing(shop)  # at Olena's phone: of the three she would be the first to ask
    await person(shop.hub, "Борис", "104")
    client = await site_of(shop.hub)
    _, page = await get_text(client, "/calls/live")
    found = re.findall(r'<button [^>]*id="give-([^"]+)" name="to" value="(\d+)"', page)
    assert found == [(f"{call}-{phone}", phone) for phone in ("104", "101", "102")]
    await client.close()


async def test_colleagues_are_read_once_for_all_who_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await another_rings(shop, but=await ringing(shop))
    client, read, reads = await site_of(shop.hub), PresenceService.everybody, []

    async def counted(self: PresenceService, *shops: Any) -> Any:
        reads.append(self)
        return await read(self, *shops)

    monkeypatch.setattr(PresenceService, "everybody", counted)
    _, page = await get_text(client, "/calls/live", part="board")
    assert (page.count('/give"'), len(reads)) == (2, 1)
    await client.close()


async def test_while_no_line_to_the_pbx_is_up_nothing_can_be_pressed(hub: Hub) -> None:
    await tell_calls(hub, TALKS, RINGS, PARKED)
    client = await site_of(hub)
    _, page = await get_text(client, "/calls/live")
    assert shown(page) == set()
    await client.close()


@pytest.fixture
async def without(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Hub]:
    """A shop that has switched calling out off, and with it what needs it."""
    gone = ["dialling"]
    for module in MODULES:  # in an order in which a module comes after those it requires
        gone += [module.name] if set(gone) & set(module.requires) else []
    off = replace(settings, modules=ModulesSettings(off=tuple(gone)))
    made = Hub(off, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await made.open()
    yield made
    await made.close()


async def test_the_board_stands_without_the_module(without: Hub) -> None:
    await tell_calls(without, TALKS)
    client = await site_of(without)
    status, page = await get_text(client, "/calls/live")
    assert status == 200
    assert 'data-call="talks"' in page
    assert shown(page) == set()
    await client.close()
