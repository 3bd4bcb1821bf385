"""How colleagues are, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Invalid
from hub.events.calls import PbxLinkLost
from hub.kernel.processes.leases import Holding
from hub.kernel.processes.links import Links, SharedTelephony
from hub.kernel.shops import FIRST_SHOP
from hub.modules.presence.api import PresenceApi
from hub.ports.connector import ConnectorState, Health
from tests.factories.calls import at, party, snapshot, tell_calls
from tests.modules.presence.told import changed, choose, member, person, phone, said, seen, tell, whole
from tests.webui.fake_pbx import FakePbx

LOST = PbxLinkLost(pbx="ami", reason="cut")


async def test_nothing_is_known_before_the_pbx_was_asked(hub: Hub) -> None:
    await person(hub, "Олена", "101")
    await tell(hub, changed(phone("101", "talking")))
    olena = (await seen(hub))["Олена"]
    assert (olena.state, olena.since) == ("unknown", None)
    await tell(hub, whole(phone("101")))
    assert (await seen(hub))["Олена"].state == "free"


async def test_while_the_line_is_away_nobody_knows_and_the_first_loss_says_since_when(
    hub: Hub, frozen_clock: FrozenClock
) -> None:
    await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101", "talking")))
    lost_at = frozen_clock.now()
    await tell(hub, LOST)
    frozen_clock.advance(60)
    await tell(hub, LOST, changed(phone("101")))
    olena = (await seen(hub))["Олена"]
    assert (olena.state, olena.since) == ("unknown", lost_at)
    await tell(hub, whole(phone("101", "ringing")))
    assert (await seen(hub))["Олена"].state == "ringing"


async def test_what_the_pbx_does_not_list_any_more_is_gone(hub: Hub) -> None:
    await person(hub, "Олена", "101")
    await tell(
        hub, whole(phone("101"), phone("102"), member("101"), member("102"), queues=("reception", "old"))
    )
    await tell(hub, whole(phone("102"), member("102")))
    assert (await seen(hub))["Олена"].state == "unknown"
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        queues = await PresenceApi(uow, hub.installation.deps).queues()
    assert [(one.name, [m.extension for m in one.members]) for one in queues] == [("reception", ["102"])]


async def test_the_same_fact_twice_is_one_and_since_is_the_first(hub: Hub, frozen_clock: FrozenClock) -> None:
    await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101")))
    begun = frozen_clock.now()
    await tell(hub, changed(phone("101", "talking"), member("101", is_paused=True, reason="Обід")))
    frozen_clock.advance(30)
    await tell(hub, changed(phone("101", "talking"), member("101", is_paused=True, reason="Обід")))
    olena = (await seen(hub))["Олена"]
    assert (olena.state, olena.since) == ("talking", begun)
    assert [one.paused_at for one in olena.queues] == [begun]


async def test_who_talks_on_the_mobile_talks(hub: Hub) -> None:
    await person(hub, "Тарас", mobile="+380671112233")
    await tell(hub, whole())
    assert (await seen(hub))["Тарас"].state == "unknown"
    mobile = party(None, number="+380671112233", via="mobile", answered_at=at(5))
    await tell_calls(hub, snapshot(state="talking", answered_at=at(5), parties=(mobile,)))
    taras = (await seen(hub))["Тарас"]
    assert (taras.state, taras.since) == ("talking", at(5))


async def test_whose_part_in_the_call_is_over_does_not_talk(hub: Hub) -> None:
    await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101")))
    left = party("101", answered_at=at(5), left_at=at(9), outcome="answered")
    await tell_calls(
        hub, snapshot(state="talking", answered_at=at(5), parties=(left, party("102", answered_at=at(9))))
    )
    assert (await seen(hub))["Олена"].state == "free"


async def test_who_is_away_until_a_time_is_back_by_the_clock(hub: Hub, frozen_clock: FrozenClock) -> None:
    olena = await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101")))
    await choose(hub, olena, "away", "Обід", minutes=30)
    away = (await seen(hub))["Олена"]
    assert (away.state, away.reason, away.is_gone) == ("away", "Обід", True)
    frozen_clock.advance(1800)
    assert (await seen(hub))["Олена"].state == "free"
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        people = PresenceApi(uow, hub.installation.deps).people
        assert (await people.end_choices(), await people.end_choices()) == (1, 0)


@pytest.mark.parametrize(
    ("reason", "minutes", "field"),
    [("x" * 81, None, "reason"), ("a\x00b", None, "reason"), ("", -1, "until")],
)
async def test_what_cannot_be_said_is_refused_at_its_field(
    hub: Hub, reason: str, minutes: int | None, field: str
) -> None:
    olena = await person(hub, "Олена", "101")
    with pytest.raises(Invalid) as caught:
        await choose(hub, olena, "away", reason, minutes)
    assert set(caught.value.fields) == {field}


async def test_a_change_is_told_once_and_the_same_again_is_silence(
    hub: Hub, frozen_clock: FrozenClock
) -> None:
    olena = await person(hub, "Олена", "101")
    for kind in ("here", "do_not_disturb", "do_not_disturb", "here", "here"):
        await choose(hub, olena, kind)
        frozen_clock.advance(1)
    assert await said(hub, "presence.chosen", "kind") == ["do_not_disturb", "here"]


async def test_a_process_without_the_line_knows_as_much_as_the_one_that_holds_it(
    hub: Hub, frozen_clock: FrozenClock
) -> None:
    """Phones stand in the database, how the line is in the lease of whoever holds it."""
    await person(hub, "Олена", "101")
    up = frozen_clock.now()
    frozen_clock.advance(1)
    links, own = Links(hub.leases), FakePbx()
    own.is_up = False  # it never logged in here

    async def olena(state: ConnectorState, since: datetime) -> tuple[str, datetime | None]:
        health = Health(state=state, since=since, text="as told")
        links.elsewhere["ami"] = Holding(name="ami", owner="process 7", taken_at=up, health=health)
        deps = replace(hub.installation.deps, telephony=SharedTelephony(own, links))
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            (found,) = await PresenceApi(uow, deps).everybody()
        return found.state, found.since

    await tell(hub, whole(phone("101", "talking")))
    assert (await olena("ready", up))[0] == "talking"
    frozen_clock.advance(60)
    lost = frozen_clock.now()
    # Cut off there, or taken over and not compared yet: nothing is known, since then.
    for state in ("not_ready", "starting", "ready"):
        assert await olena(state, lost) == ("unknown", lost)
    await tell(hub, whole(phone("101")))
    assert (await olena("ready", lost))[0] == "free"
