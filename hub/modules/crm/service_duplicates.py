"""Who may be one client in two records, and why: found by a job, looked at again when it is shown.
Never commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import Base, first_id
from hub.modules.crm.models import Apart, Change, Ownership, Twin, TwinLook
from hub.modules.crm.service import ClientService
from hub.modules.crm.service_likeness import Found, LikenessService, Pair
from hub.modules.crm.views import ClientView, DuplicateReason, DuplicateView

_ORDER: tuple[DuplicateReason, ...] = ("same_phone", "same_plate", "similar_phone", "same_name")
_KEPT = 300
"""Pairs that the job keeps: more than anybody looks through before it runs again."""
_CHANGED = 200
_SLACK = timedelta(minutes=2)
"""Clocks of several processes differ, and a change is stored after its moment."""


class DuplicateService:
    """Proposes; a person decides."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._clients = ClientService(uow, deps)
        self._likeness = LikenessService(uow, deps)

    async def all(self, limit: int) -> tuple[DuplicateView, ...]:
        """The surest first: those that the job found and that still look alike, and what changed since."""
        look = await self._uow.session.get(TwinLook, 1)
        if look is None:
            return await self._views(await self._likeness.find(None, limit), limit)
        kept = select(Twin.one_id, Twin.other_id).order_by(Twin.place).limit(limit * 2)
        ids = {one for row in await self._uow.session.execute(kept) for one in row}
        ids |= await self._changed_since(look.at - _SLACK)
        return await self._views(await self._likeness.find(ids, limit) if ids else {}, limit)

    async def of(self, client_id: str, limit: int = 5) -> tuple[DuplicateView, ...]:
        """Who may be the same as this one."""
        return await self._views(await self._likeness.find({client_id}, limit), limit)

    async def is_due(self) -> bool:
        """Whether something changed since everybody was looked at."""
        look = await self._uow.session.get(TwinLook, 1)
        return look is None or bool(await self._changed_since(look.at - _SLACK))

    async def look(self) -> list[Pair]:
        """Everybody beside everybody, the surest pairs first."""
        return _surest(await self._parted(await self._likeness.find(None, _KEPT)))[:_KEPT]

    async def keep(self, pairs: list[Pair], at: datetime) -> None:
        """What `look` found in a look that began at `at`, in place of what was kept before."""
        twins = Base.metadata.tables[Twin.__tablename__]
        await self._uow.session.execute(delete(twins))
        rows = [{"one_id": one, "other_id": other, "place": n} for n, (one, other) in enumerate(pairs)]
        living = await self._clients.by_ids({one for pair in pairs for one in pair})
        rows = [row for row in rows if row["one_id"] in living and row["other_id"] in living]
        if rows:
            await self._uow.session.execute(insert(twins), rows)
        look = await self._uow.session.get(TwinLook, 1)
        if look is None:
            self._uow.session.add(TwinLook(id=1, at=at))
        else:
            look.at = at
        await self._uow.session.flush()

    async def are_two(self, one_id: str, other_id: str) -> None:
        """They look alike and are two: not proposed again. Raises NotFound."""
        one, other = await self._clients.one(one_id), await self._clients.one(other_id)
        first, second = sorted((one.id, other.id))
        if first != second and await self._uow.session.get(Apart, (first, second)) is None:
            self._uow.session.add(
                Apart(one_id=first, other_id=second, actor=self._uow.actor, at=self._clock.now())
            )
            await self._uow.session.flush()

    async def _changed_since(self, at: datetime) -> set[str]:
        """The clients of the newest changes, those of a car's by its owners."""
        session = self._uow.session
        newest = select(Change.subject, Change.subject_id).where(Change.at >= at, Change.id >= first_id(at))
        rows = (await session.execute(newest.order_by(Change.id.desc()).limit(_CHANGED))).all()
        cars = {row.subject_id for row in rows if row.subject == "vehicle"}
        owners = select(Ownership.client_id).where(Ownership.vehicle_id.in_(cars))
        found = set((await session.scalars(owners)).all()) if cars else set()
        return found | {row.subject_id for row in rows if row.subject == "client"}

    async def _parted(self, found: Found) -> Found:
        """Without those of whom a person said that they are two."""
        apart_table = Base.metadata.tables[Apart.__tablename__]
        ids = {one for pair in found for one in pair}
        query = select(apart_table.c.one_id, apart_table.c.other_id).where(apart_table.c.one_id.in_(ids))
        two = {tuple(row) for row in (await self._uow.session.execute(query)).all()} if ids else set()
        return {pair: why for pair, why in found.items() if pair not in two}

    async def _views(self, found: Found, limit: int) -> tuple[DuplicateView, ...]:
        found = await self._parted(found)
        pairs = _surest(found)[:limit]
        views = await self._clients.by_ids({one for pair in pairs for one in pair})
        return tuple(
            _view(views[one], views[other], found[one, other])
            for one, other in pairs
            if one in views and other in views
        )


def _surest(found: Mapping[Pair, Mapping[DuplicateReason, str]]) -> list[Pair]:
    return sorted(found, key=lambda pair: (min(_ORDER.index(reason) for reason in found[pair]), pair))


def _view(one: ClientView, other: ClientView, why: dict[DuplicateReason, str]) -> DuplicateView:
    reasons = tuple(reason for reason in _ORDER if reason in why)
    return DuplicateView(
        one=one, other=other, reasons=reasons, shown=tuple(dict.fromkeys(why[r] for r in reasons if why[r]))
    )
