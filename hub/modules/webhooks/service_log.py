"""The log of deliveries, and telling things again. Never commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.stream.facts import FactFilter, FactLog
from hub.kernel.stream.pruning import first_id
from hub.modules.webhooks import outgoing
from hub.modules.webhooks.models import DELIVERED, PARKED, PENDING, Attempt, Delivery, Endpoint
from hub.modules.webhooks.rules import TEST_EVENT, body_of
from hub.modules.webhooks.sender import TOPIC
from hub.modules.webhooks.views import AttemptView, DeliveryState, DeliveryView
from hub.values import ShopId

MOST_AT_ONCE = 10_000
_PORTION = 1000


class LogService:
    """What was told to an endpoint. Its rights were looked at by whoever asks."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps

    async def page(
        self,
        endpoint_id: str,
        *,
        state: DeliveryState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[DeliveryView]:
        """Newest first."""
        query = select(Delivery).where(Delivery.endpoint_id == endpoint_id)
        if state is not None:
            query = query.where(Delivery.state == state)
        if before is not None:
            query = query.where(Delivery.id < before)
        rows = (await self._session.scalars(query.order_by(Delivery.id.desc()).limit(limit))).all()
        return [_view(row) for row in rows]

    async def one(self, endpoint_id: str, delivery_id: str) -> tuple[DeliveryView, list[AttemptView]]:
        """A delivery and its tries, the first one first. Raises NotFound."""
        row = await self._row(endpoint_id, delivery_id)
        query = select(Attempt).where(Attempt.delivery_id == row.id).order_by(Attempt.at, Attempt.id)
        tries = (await self._session.scalars(query)).all()
        return _view(row), [
            AttemptView(
                id=one.id, at=one.at, status=one.status, ms=one.ms, error=one.error, answer=one.answer
            )
            for one in tries
        ]

    async def test(self, endpoint_id: str, shop_id: str) -> DeliveryView:
        """Something to send at once, whatever else waits and whether the endpoint is on."""
        now, number = self._deps.clock.now(), new_id(self._deps.clock)
        said = {"text": "This is a test from Pitline."}
        row = {
            "id": f"test_{number}", "name": TEST_EVENT, "version": 1, "occurred_at": now, "shop_id": shop_id,
            "key": f"endpoint:{endpoint_id}", "cause_id": None, "payload": json.dumps(said),
        }  # fmt: skip
        made = Delivery(
            id=number, rev=1, endpoint_id=endpoint_id, event_id=row["id"], event_name=TEST_EVENT,
            body=body_of(row), state=PENDING, attempts=0, not_before=0.0, claimed_until=0.0, queued_at=now,
            last_error="",
        )  # fmt: skip
        self._session.add(made)
        await self._session.flush()
        self._at_once(endpoint_id)
        return _view(made)

    async def resend(self, endpoint_id: str, delivery_id: str) -> DeliveryView:
        """Send it anew, with the same `webhook-id`. Raises NotFound."""
        row = await self._row(endpoint_id, delivery_id)
        await self._again([Delivery.id == row.id])
        await self._session.refresh(row)
        self._at_once(endpoint_id)
        return _view(row)

    async def resend_range(
        self,
        endpoint_id: str,
        since: datetime,
        until: datetime,
        *,
        states: Sequence[DeliveryState],
        missed: bool,
    ) -> int:
        """Send anew what has one of the states; `missed`: also the events of that time that it was never
        told of, because it was off or new. At most 10,000 at once; how many are queued."""
        first, last = first_id(since), first_id(until)
        wanted = (
            select(Delivery.id)
            .where(
                Delivery.endpoint_id == endpoint_id, Delivery.id >= first, Delivery.id < last,
                Delivery.state.in_(list(states)), Delivery.event_name != TEST_EVENT,
            )
            .order_by(Delivery.id)
            .limit(MOST_AT_ONCE)
        )  # fmt: skip
        count = await self._again([Delivery.id.in_((await self._session.scalars(wanted)).all())])
        if missed:
            count += await self._tell_missed(endpoint_id, since, until, MOST_AT_ONCE - count)
        self._at_once(endpoint_id)
        return count

    async def forget_old(self) -> None:
        """Give up what waited too long; drop what was sent or given up and is older than the log is."""
        clock, settings = self._deps.clock, self._deps.settings.webhooks
        await self._session.run_sync(lambda session: outgoing.park_old(session.connection(), clock, settings))
        before = clock.now() - timedelta(days=settings.keep_days)
        old = select(Delivery.id).where(Delivery.state.in_([DELIVERED, PARKED]), Delivery.queued_at < before)
        ids = (await self._session.scalars(old.limit(MOST_AT_ONCE))).all()
        for place in range(0, len(ids), _PORTION):
            some = ids[place : place + _PORTION]
            await self._session.execute(delete(Attempt).where(Attempt.delivery_id.in_(some)))
            await self._session.execute(delete(Delivery).where(Delivery.id.in_(some)))

    def _at_once(self, endpoint_id: str) -> None:
        """The sender need not wait for its next look."""
        self._uow.hint(TOPIC, endpoint_id, 0)
        self._uow.after_commit(lambda: self._deps.wake("webhooks"))

    async def _again(self, which: Sequence[Any]) -> int:
        values = {
            "state": PENDING, "attempts": 0, "not_before": 0.0, "claimed_until": 0.0, "token": None,
            "queued_at": self._deps.clock.now(), "done_at": None, "rev": Delivery.rev + 1,
        }  # fmt: skip
        done = await self._session.execute(
            update(Delivery).where(*which).values(values).execution_options(synchronize_session=False)
        )
        return int(getattr(done, "rowcount", 0))

    async def _tell_missed(self, endpoint_id: str, since: datetime, until: datetime, room: int) -> int:
        endpoint = await self._session.get_one(Endpoint, endpoint_id)
        hearing = [(endpoint.id, endpoint.shop_id, json.loads(endpoint.events))]
        shops: Collection[ShopId] | None = [ShopId(endpoint.shop_id)] if endpoint.shop_id else None
        where, log = FactFilter(shops=shops, since=since, until=until), FactLog(self._uow)
        count, after = 0, ""
        while count < room and (rows := await log.rows(where, after=after, limit=_PORTION)):
            after = rows[-1]["id"]
            connection = await self._session.connection()
            count += await connection.run_sync(outgoing.write, hearing, rows)
        return count

    async def _row(self, endpoint_id: str, delivery_id: str) -> Delivery:
        row = await self._session.get(Delivery, delivery_id)
        if row is None or row.endpoint_id != endpoint_id:
            raise NotFound("webhooks.delivery_unknown", "There is no such delivery.")
        return row


def _view(row: Delivery) -> DeliveryView:
    is_pending = row.state == PENDING
    state: DeliveryState = "pending" if is_pending else "delivered" if row.state == DELIVERED else "parked"
    return DeliveryView(
        id=row.id, rev=row.rev, endpoint_id=row.endpoint_id, event_id=row.event_id, event_name=row.event_name,
        state=state, attempts=row.attempts, queued_at=row.queued_at,
        next_try_at=datetime.fromtimestamp(row.not_before, UTC) if is_pending and row.not_before else None,
        done_at=row.done_at, last_status=row.last_status, last_error=row.last_error, body=row.body,
    )  # fmt: skip
