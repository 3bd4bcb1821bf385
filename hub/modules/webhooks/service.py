"""Endpoints: commands and queries. Never commits, never asks the network."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from hub.errors import Conflict, Invalid, NotFound, Unavailable
from hub.events.catalogue import BY_NAME
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.webhooks.models import DELIVERED, PARKED, PENDING, Attempt, Delivery, Endpoint
from hub.modules.webhooks.rules import TEST_EVENT, new_secret, unknown_patterns
from hub.modules.webhooks.sealing import closed, closed_former, opened
from hub.modules.webhooks.sender import TOPIC
from hub.modules.webhooks.views import EndpointEntry, EndpointView, Health

MOST_ENDPOINTS = 50
_LONGEST_NAME = 100


class EndpointService:
    """`shops` None = every shop."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps

    async def page(
        self, shops: Collection[str] | None, *, before: str | None = None, limit: int = MOST_ENDPOINTS
    ) -> list[EndpointView]:
        """Newest first."""
        query = select(Endpoint).order_by(Endpoint.id.desc()).limit(limit)
        if shops is not None:
            query = query.where(Endpoint.shop_id.in_(sorted(shops)))
        if before is not None:
            query = query.where(Endpoint.id < before)
        return await self._views((await self._session.scalars(query)).all())

    async def one(self, endpoint_id: str, shops: Collection[str] | None) -> EndpointView:
        """Raises NotFound, also for one of a shop that is not among `shops`."""
        return (await self._views([await self._row(endpoint_id, shops)]))[0]

    async def create(self, entry: EndpointEntry, shops: Collection[str] | None) -> tuple[EndpointView, str]:
        """A new one and its secret, which is never shown again. Raises Invalid, Conflict."""
        values = self._checked(entry, shops)
        if (await self._session.scalar(select(func.count()).select_from(Endpoint)) or 0) >= MOST_ENDPOINTS:
            raise Conflict(
                "webhooks.too_many",
                "There are 50 endpoints already.",
                "Delete one that nobody uses any more.",
            )
        secret, endpoint_id = new_secret(), new_id(self._deps.clock)
        row = Endpoint(
            id=endpoint_id, rev=1, secret=closed(self._deps.seal, endpoint_id, secret),
            created_at=self._deps.clock.now(), off_reason="", failures=0, not_before=0.0, **values,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return (await self._views([row]))[0], secret

    async def change(
        self, endpoint_id: str, rev: int | None, entry: EndpointEntry, shops: Collection[str] | None
    ) -> EndpointView:
        """Put `entry` in place of what is there; switching it on again forgives its failures. Raises
        NotFound, Invalid, Conflict for a stale `rev`."""
        row = await self._row(endpoint_id, shops)
        values = self._checked(entry, shops)
        if entry.is_active and not row.is_active:
            values |= {"off_reason": "", "failures": 0, "failing_since": None, "not_before": 0.0}
        await self._write(row, rev, values)
        return await self.one(endpoint_id, shops)

    async def rotate(self, endpoint_id: str, shops: Collection[str] | None) -> tuple[EndpointView, str]:
        """A new secret; for a day the old one signs too, unless it cannot be opened any more. Raises
        NotFound."""
        row = await self._row(endpoint_id, shops)
        seal, secret = self._deps.seal, new_secret()
        try:
            former = closed_former(seal, row.id, opened(seal, row.id, row.secret))
        except Unavailable:
            former = None
        until = self._deps.clock.now() + timedelta(hours=self._deps.settings.webhooks.old_secret_hours)
        values: dict[str, object] = {
            "secret": closed(seal, row.id, secret), "old_secret": former,
            "old_secret_until": until if former is not None else None,
        }  # fmt: skip
        await self._write(row, None, values)
        return await self.one(endpoint_id, shops), secret

    async def remove(self, endpoint_id: str, shops: Collection[str] | None) -> None:
        """With everything that was to be sent and was sent. Raises NotFound."""
        await self._row(endpoint_id, shops)
        own = select(Delivery.id).where(Delivery.endpoint_id == endpoint_id)
        await self._session.execute(delete(Attempt).where(Attempt.delivery_id.in_(own)))
        await self._session.execute(delete(Delivery).where(Delivery.endpoint_id == endpoint_id))
        await self._session.execute(delete(Endpoint).where(Endpoint.id == endpoint_id))

    async def health(self, shops: Collection[str] | None = None) -> Health:
        """Over the endpoints of these shops (None: over all), for /system."""
        every = await self.page(shops)
        return Health(
            active=sum(one.is_active for one in every),
            pending=sum(one.pending for one in every),
            parked=sum(one.parked for one in every),
            failing=tuple(one for one in every if one.is_active and one.failing_since is not None),
            switched_off=tuple(one for one in every if not one.is_active and one.off_reason),
        )

    async def _write(self, row: Endpoint, rev: int | None, values: dict[str, object]) -> None:
        endpoint_id, present = row.id, row.rev
        seen = present if rev is None else rev
        taken = await self._session.execute(
            update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.rev == seen)
            .values({**values, "rev": seen + 1}).returning(Endpoint.id)
        )  # fmt: skip
        if taken.first() is None:
            raise Conflict(
                "webhooks.stale", "Somebody else has changed this endpoint meanwhile.",
                "Look at the present state and enter your change again.", data={"rev": present},
            )  # fmt: skip
        self._session.expire_all()
        self._uow.hint(TOPIC, endpoint_id, seen + 1)

    def _checked(self, entry: EndpointEntry, shops: Collection[str] | None) -> dict[str, object]:
        name, url, fields = " ".join(entry.name.split()), entry.url.strip(), dict[str, str]()
        if len(name) > _LONGEST_NAME:
            fields["name"] = "This is too long."
        if entry.address_fault:
            fields["url"] = entry.address_fault
        if not entry.events:
            fields["events"] = "Choose at least one kind of event."
        elif unknown_patterns(entry.events, BY_NAME):
            fields["events"] = "There is no such event."
        if shops is not None and entry.shop_id not in shops:
            fields["shop_id"] = "Choose a shop of yours."
        if fields:
            raise Invalid("webhooks.invalid", "Some fields need a look.", fields=fields)
        return {
            "name": name, "url": url, "events": json.dumps(sorted(set(entry.events))),
            "shop_id": entry.shop_id, "is_active": entry.is_active,
        }  # fmt: skip

    async def _row(self, endpoint_id: str, shops: Collection[str] | None) -> Endpoint:
        row = await self._session.get(Endpoint, endpoint_id)
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("webhooks.unknown", "There is no such endpoint.")
        return row

    async def _views(self, rows: Sequence[Endpoint]) -> list[EndpointView]:
        ids = [row.id for row in rows]
        counts = dict[tuple[str, str], int]()
        if ids:
            query = select(Delivery.endpoint_id, Delivery.state, func.count()).where(
                Delivery.endpoint_id.in_(ids),
                Delivery.state != DELIVERED,
                Delivery.event_name != TEST_EVENT,
            )
            found = await self._session.execute(query.group_by(Delivery.endpoint_id, Delivery.state))
            counts = {(endpoint, state): count for endpoint, state, count in found.all()}
        return [_view(row, counts.get((row.id, PENDING), 0), counts.get((row.id, PARKED), 0)) for row in rows]


def _view(row: Endpoint, pending: int, parked: int) -> EndpointView:
    reason = row.off_reason
    return EndpointView(
        id=row.id, rev=row.rev, shop_id=row.shop_id, name=row.name, url=row.url,
        events=tuple(json.loads(row.events)), is_active=row.is_active,
        off_reason="gone" if reason == "gone" else "failing" if reason == "failing" else "",
        failing_since=row.failing_since, old_secret_until=row.old_secret_until, created_at=row.created_at,
        pending=pending, parked=parked,
    )  # fmt: skip
