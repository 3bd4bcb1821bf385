"""How full the outside lines are, and when no further call got through, to be read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.models import Full, Line, Trunk
from hub.modules.calls.rules_capacity import ways_of
from hub.modules.calls.views import FullView, TrunkView
from hub.values import ShopId

_MOST = 200


class CapacityService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session

    async def now(self, shops: Collection[ShopId] | None) -> tuple[TrunkView, ...]:
        """Every outside line whose capacity is known, as it is used now; of these shops (None: of all)."""
        session = self._session
        lines = (await session.scalars(select(Line).order_by(Line.name, Line.id))).all()
        channels = {one.endpoint: one.channels for one in await session.scalars(select(Trunk))}
        going_on = await session.scalars(select(Full).where(Full.ended_at.is_(None)))
        since = {(row.shop_id, row.trunk): row.began_at for row in going_on}
        return tuple(
            TrunkView(
                trunk=way.trunk,
                shop_id=ShopId(way.shop_id),
                lines=way.names,
                channels=way.used,
                capacity=way.capacity,
                full_since=since.get((way.shop_id, way.trunk)),
            )
            for way in ways_of(lines, channels)
            if shops is None or way.shop_id in shops
        )

    async def between(
        self, since: datetime | None, until: datetime | None, shops: Collection[ShopId] | None
    ) -> tuple[FullView, ...]:
        """When lines were full within this time, newest first."""
        query = select(Full).order_by(Full.began_at.desc(), Full.id.desc()).limit(_MOST)
        if until is not None:
            query = query.where(Full.began_at < until)
        if since is not None:
            query = query.where(or_(Full.ended_at.is_(None), Full.ended_at >= since))
        if shops is not None:
            query = query.where(Full.shop_id.in_([str(shop) for shop in shops]))
        return tuple(_view(row) for row in await self._session.scalars(query))


def _view(row: Full) -> FullView:
    return FullView(
        id=row.id, shop_id=ShopId(row.shop_id), trunk=row.trunk, lines=tuple(row.lines),
        capacity=row.capacity, is_all=row.is_all, began_at=row.began_at, ended_at=row.ended_at,
    )  # fmt: skip
