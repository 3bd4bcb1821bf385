"""How full the outside lines are, and when no further call got through. Calls beyond what a line carries
never reach the PBX: how many were lost then nobody knows. Never commits; harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from sqlalchemy import or_, select

from hub.clock import Clock
from hub.events.lines import LineFreed, LineFull, TrunksUsed
from hub.kernel.context import UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.models import Full, Line, Trunk
from hub.modules.calls.views import FullView, TrunkView
from hub.values import ShopId

_MOST = 200
TOPIC = "pbx"


class Timed(Protocol):
    """Whatever has the clock: what services are given, or a handler."""

    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """An outside line as the settings name it: numbers of ours that come by the same endpoints."""

    shop_id: str
    trunk: str
    names: tuple[str, ...]
    capacity: int
    used: int
    is_all: bool = False

    @property
    def is_full(self) -> bool:
        return self.used >= self.capacity


class CapacityService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, timed: Timed) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = timed.clock

    async def used(self, event: TrunksUsed, at: datetime) -> None:
        """Take in what the lines carry, and say where that begins or ends to be all they can."""
        await self._uow.take_turn(f"calls.trunks:{event.pbx}")
        rows = await self._session.scalars(select(Trunk).where(Trunk.pbx == event.pbx))
        known = {row.endpoint: row for row in rows}
        for use in event.trunks:
            row = known.pop(use.endpoint, None)
            if row is None:
                self._session.add(Trunk(pbx=event.pbx, endpoint=use.endpoint, channels=use.channels))
            else:
                row.channels = use.channels
        for gone in known.values() if event.is_whole else ():
            gone.channels = 0
        await self._session.flush()
        await self._judge(at)

    async def link_lost(self, pbx: str, at: datetime) -> None:
        """From here on nobody knows: what is known to have been full was so until now."""
        await self._uow.take_turn(f"calls.trunks:{pbx}")
        for row in await self._open():
            self._free(row, at)
        await self._session.flush()

    async def now(self, shops: Collection[ShopId] | None) -> tuple[TrunkView, ...]:
        """Every outside line whose capacity is known, as it is used now; of these shops (None: of all)."""
        open_rows = {(row.shop_id, row.trunk): row for row in await self._open()}
        found = []
        for way in await self._ways():
            if shops is not None and way.shop_id not in shops:
                continue
            row = open_rows.get((way.shop_id, way.trunk))
            found.append(
                TrunkView(
                    trunk=way.trunk,
                    shop_id=ShopId(way.shop_id),
                    lines=way.names,
                    channels=way.used,
                    capacity=way.capacity,
                    full_since=row.began_at if row is not None else None,
                )
            )
        return tuple(found)

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

    async def _judge(self, at: datetime) -> None:
        ways = await self._ways()
        wanted = {(way.shop_id, way.trunk): way for way in _with_all(ways) if way.is_full}
        for row in await self._open():
            if wanted.pop((row.shop_id, row.trunk), None) is None:
                self._free(row, at)
        for way in wanted.values():
            self._session.add(
                Full(
                    id=new_id(self._clock),
                    shop_id=way.shop_id,
                    trunk=way.trunk,
                    lines=list(way.names),
                    capacity=way.capacity,
                    is_all=way.is_all,
                    began_at=at,
                    ended_at=None,
                )
            )
            self._uow.publish(
                LineFull(trunk=way.trunk, lines=way.names, capacity=way.capacity, is_all=way.is_all)
            )
            self._uow.hint(TOPIC, f"full:{way.trunk}", int(at.timestamp()), shop_id=ShopId(way.shop_id))
        await self._session.flush()

    def _free(self, row: Full, at: datetime) -> None:
        row.ended_at = max(at, row.began_at)
        self._uow.publish(
            LineFreed(
                trunk=row.trunk, lines=tuple(row.lines), capacity=row.capacity, is_all=row.is_all,
                full_since=row.began_at,
            )
        )  # fmt: skip
        self._uow.hint(TOPIC, f"full:{row.trunk}", int(at.timestamp()), shop_id=ShopId(row.shop_id))

    async def _open(self) -> Sequence[Full]:
        return (await self._session.scalars(select(Full).where(Full.ended_at.is_(None)))).all()

    async def _ways(self) -> list[_Way]:
        """Numbers of a shop that come by the same endpoints are one line; its capacity is the largest that is
        said of one of them."""
        lines = (await self._session.scalars(select(Line).order_by(Line.name, Line.id))).all()
        trunks = (await self._session.scalars(select(Trunk))).all()
        ways = []
        for shop_id, pattern in dict.fromkeys((line.shop_id, line.trunk) for line in lines if line.trunk):
            mine = [line for line in lines if (line.shop_id, line.trunk) == (shop_id, pattern)]
            capacity = max((line.capacity or 0 for line in mine), default=0)
            if not capacity:
                continue
            used = sum(one.channels for one in trunks if fnmatchcase(one.endpoint, pattern))
            names = tuple(line.name for line in mine)
            ways.append(_Way(shop_id=shop_id, trunk=pattern, names=names, capacity=capacity, used=used))
        return ways


def _with_all(ways: Sequence[_Way]) -> list[_Way]:
    """And, for each shop, all of its lines together: full when each of them is."""
    found = []
    for shop_id in dict.fromkeys(way.shop_id for way in ways):
        mine = [way for way in ways if way.shop_id == shop_id]
        if len(mine) == 1:
            only = mine[0]
            found.append(
                _Way(
                    shop_id=shop_id,
                    trunk=only.trunk,
                    names=only.names,
                    capacity=only.capacity,
                    used=only.used,
                    is_all=True,
                )
            )
            continue
        found += mine
        if all(way.is_full for way in mine):
            capacity = sum(way.capacity for way in mine)
            names = tuple(name for way in mine for name in way.names)
            found.append(
                _Way(shop_id=shop_id, trunk="", names=names, capacity=capacity, used=capacity, is_all=True)
            )
    return found


def _view(row: Full) -> FullView:
    return FullView(
        id=row.id, shop_id=ShopId(row.shop_id), trunk=row.trunk, lines=tuple(row.lines),
        capacity=row.capacity, is_all=row.is_all, began_at=row.began_at, ended_at=row.ended_at,
    )  # fmt: skip
