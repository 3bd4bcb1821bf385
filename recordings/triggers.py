"""What automatic messages may wait for that comes of reviews: a talk that was scored low, and still is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.errors import NotFound
from hub.events.recordings import LOW_SCORE
from hub.events.triggers import TriggerFired
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.triggers import Occurrence, Trigger
from hub.modules.calls.api import CallsApi, CallView
from hub.values import CallId, ShopId
from recordings.models_library import Shelf
from recordings.models_review import Review

SCORED_LOW = "recording.scored_low"
FRESH = timedelta(days=7)
"""How old a talk may be for anybody to still speak of it with the client."""
_MOST = 500


async def fire(uow: UnitOfWork, recording_id: str, percent: int | None, at: datetime) -> None:
    """A review was finished or corrected: a low one of a talk of these days is told, for its call."""
    if percent is None or percent >= LOW_SCORE:
        return
    shelf = await uow.session.get(Shelf, recording_id)
    if shelf is None or shelf.call_id is None or shelf.started_at < at - FRESH:
        return
    uow.publish(TriggerFired(trigger=SCORED_LOW, cause=shelf.call_id, at=at, call_id=CallId(shelf.call_id)))


async def holds(uow: UnitOfWork, deps: Deps, one: Occurrence) -> bool:
    """Whether the newest score of a recording of the call, or of the one that it became a part of, is still
    low."""
    call = await _call(uow, deps, one.call_id)
    calls = {one.call_id, call.id if call is not None else one.call_id}  # recordings follow a little later
    low = select(Shelf.recording_id).where(Shelf.call_id.in_(calls), Shelf.percent < LOW_SCORE)
    return (await uow.session.scalars(low.limit(1))).first() is not None


async def past(
    uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
) -> Sequence[Occurrence]:
    """The talks of a shop whose newest review was finished in this time and is low."""
    query = (
        select(Shelf.call_id, Review.finished_at, Shelf.started_at)
        .join(Review, Review.recording_id == Shelf.recording_id)
        .where(
            Shelf.shop_id == shop_id, Shelf.percent < LOW_SCORE, Shelf.call_id.is_not(None),
            Review.state == "done", Review.finished_at >= since, Review.finished_at < until,
        )
        .order_by(Review.finished_at)
        .limit(_MOST)
    )  # fmt: skip
    found = []
    for call_id, at, started_at in (await uow.session.execute(query)).all():
        call = await _call(uow, deps, call_id)
        if call is not None and at is not None and started_at >= at - FRESH:
            found.append(
                Occurrence(
                    trigger=SCORED_LOW, cause=call.id, at=at, shop_id=call.shop_id, client_id=call.client_id,
                    number=call.other_number, call_id=call.id,
                )
            )  # fmt: skip
    return found


async def _call(uow: UnitOfWork, deps: Deps, call_id: str | None) -> CallView | None:
    try:
        return await CallsApi(uow, deps).call(call_id or "")
    except NotFound:
        return None


TRIGGERS = (Trigger(name=SCORED_LOW, title="A talk was scored low in its review", past=past, holds=holds),)
