"""What the exchange told of a call stands on the line of its player: holds, transfers, who came and left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.app import Hub
from hub.events.calls import CallEnded, CallFact, CallHeld, CallResumed, Transfer
from hub.kernel.shops import FIRST_SHOP
from tests.factories.calls import at, ended, merged, party, tell, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.webui.stage import Shop

CALL = ended(
    "c1", 0, "answered",
    parties=(
        party("101", outcome="answered", answered_at=at(2), left_at=at(20)),
        party("102", outcome="answered", answered_at=at(20), left_at=at(55)),
        party("103", outcome="no_answer"),
    ),
    transfers=(Transfer(at=at(20), kind="attended", from_extension="101", to="102"),),
)  # fmt: skip


async def told(hub: Hub, *facts: tuple[type[CallFact], float]) -> None:
    """These facts, so many seconds after the call's beginning."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        for step, (kind, seconds) in enumerate(facts, 2):
            is_over = kind is CallEnded
            call = CALL if is_over else replace(CALL, state="talking", result=None, ended_at=None)
            uow.publish(kind(step=step, call=call), occurred_at=at(seconds))
    await settled(hub)


async def line_of(shop: Shop, recording_id: str) -> list[tuple[Any, ...]]:
    browser = shop.clients[-1] if shop.clients else await shop.signed_in("owner")
    answer = await browser.get(f"/api/v1/recordings/{recording_id}/events")
    assert answer.status == 200
    return [(one["kind"], one["at"], one["until"], one["who"]) for one in (await answer.json())["items"]]


async def test_holds_transfers_and_people_stand_at_their_moments(shop: Shop, hub: Hub) -> None:
    await tell_calls(hub, CALL)
    await told(hub, (CallHeld, 8), (CallResumed, 12), (CallHeld, 50), (CallEnded, 60))
    made = await recording(hub, call_id="c1", offset=2.0, seconds=58.0)
    await settled(hub)
    assert await line_of(shop, made.id) == [
        ("answered", 0.0, None, "101"), ("hold", 6.0, 10.0, ""), ("transfer", 18.0, None, "102"),
        ("left", 18.0, None, "101"), ("answered", 18.0, None, "102"), ("hold", 48.0, 58.0, ""),
        ("left", 53.0, None, "102"),
    ]  # fmt: skip
    page = await (await shop.clients[-1].get(f"/recordings/{made.id}")).text()
    assert 'data-moment="hold" data-at="6.0" data-until="10.0"' in page


async def test_what_happened_before_or_after_a_recording_is_not_on_its_line(shop: Shop, hub: Hub) -> None:
    await tell_calls(hub, CALL)
    await told(hub, (CallHeld, 8), (CallResumed, 12))
    made = await recording(hub, call_id="c1", offset=30.0, seconds=10.0)
    await settled(hub)
    assert await line_of(shop, made.id) == []


async def test_told_twice_it_is_one_hold_and_it_goes_along_with_a_merged_call(shop: Shop, hub: Hub) -> None:
    await tell_calls(hub, CALL, replace(ended("c2", 0, "answered"), parties=()))
    for _ in range(2):
        await told(hub, (CallHeld, 8), (CallResumed, 12))
    event = merged(9, "c1", "c2")
    await tell(hub, event)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.publish(event, occurred_at=at(70))
    await settled(hub)
    made = await recording(hub, call_id="c2", seconds=58.0)
    await settled(hub)
    assert [one for one in await line_of(shop, made.id) if one[0] == "hold"] == [("hold", 8.0, 12.0, "")]
    assert made.started_at + timedelta(seconds=8) == at(8)
