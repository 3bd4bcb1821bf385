"""Who may be one client in two records, and why. Never commits."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, func, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import Base
from hub.modules.crm.models import Apart, Client, Ownership, Phone, Vehicle
from hub.modules.crm.rules_merge import are_similar
from hub.modules.crm.service import ClientService
from hub.modules.crm.service_vehicles import VehicleService, owned_on
from hub.modules.crm.views import ClientView, DuplicateReason, DuplicateView

_MOST_SHARING = 6
"""A number that more have is a company's or a mistake, and says nothing."""
_ORDER: tuple[DuplicateReason, ...] = ("same_phone", "same_plate", "similar_phone", "same_name")
Pair = tuple[str, str]
Found = dict[Pair, dict[DuplicateReason, str]]
_LIVES = (Client.is_archived.is_(False), Client.relation == "client")


class DuplicateService:
    """Proposes; a person decides."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._clients = ClientService(uow, deps)
        self._today = VehicleService(uow, deps).today

    async def all(self, limit: int) -> tuple[DuplicateView, ...]:
        """The surest first."""
        return await self._views(await self._find(None, limit), limit)

    async def of(self, client_id: str, limit: int = 5) -> tuple[DuplicateView, ...]:
        """Who may be the same as this one."""
        return await self._views(await self._find(client_id, limit), limit)

    async def are_two(self, one_id: str, other_id: str) -> None:
        """They look alike and are two: not proposed again. Raises NotFound."""
        one, other = await self._clients.one(one_id), await self._clients.one(other_id)
        first, second = sorted((one.id, other.id))
        if first != second and await self._uow.session.get(Apart, (first, second)) is None:
            self._uow.session.add(
                Apart(one_id=first, other_id=second, actor=self._uow.actor, at=self._clock.now())
            )
            await self._uow.session.flush()

    async def _find(self, client_id: str | None, limit: int) -> Found:
        found: Found = {}
        await self._same(found, "same_phone", Phone.key, Phone.number, Phone.client_id, client_id, limit)
        await self._same_plate(found, client_id, limit)
        await self._same_name(found, client_id, limit)
        return found

    async def _same(
        self, found: Found, reason: DuplicateReason, key: Any, shown: Any, owner: Any,
        client_id: str | None, limit: int,
    ) -> None:  # fmt: skip
        """Groups that share a key; the keys come from an index alone."""
        about: ColumnElement[bool] = key.is_not(None)
        if client_id is not None:
            about = key.in_(select(key).where(owner == client_id, key.is_not(None)))
        shared = select(key).where(about).group_by(key)
        shared = shared.having(func.count().between(2, _MOST_SHARING)).limit(limit * 2)
        keys = (await self._uow.session.scalars(shared)).all()
        query = select(key, owner, shown).join(Client, Client.id == owner).where(key.in_(keys), *_LIVES)
        groups: dict[str, dict[str, str]] = {}
        for row in (await self._uow.session.execute(query)).all() if keys else ():
            groups.setdefault(row[0], {})[row[1]] = row[2]
        for group in groups.values():
            _note(found, combinations(sorted(group), 2), reason, next(iter(group.values())), client_id)

    async def _same_plate(self, found: Found, client_id: str | None, limit: int) -> None:
        """A plate that two records of cars have with different owners of today."""
        holds = owned_on(self._today())
        about: list[ColumnElement[bool]] = [Vehicle.plate_key.is_not(None), Vehicle.is_archived.is_(False)]
        if client_id is not None:
            mine = select(Ownership.vehicle_id).where(Ownership.client_id == client_id, holds)
            about.append(Vehicle.plate_key.in_(select(Vehicle.plate_key).where(Vehicle.id.in_(mine))))
        shared = select(Vehicle.plate_key).where(*about).group_by(Vehicle.plate_key)
        shared = shared.having(func.count().between(2, _MOST_SHARING)).limit(limit * 2)
        keys = (await self._uow.session.scalars(shared)).all()
        query = (
            select(Vehicle.plate_key, Ownership.client_id, Vehicle.plate)
            .join(Ownership, Ownership.vehicle_id == Vehicle.id)
            .join(Client, Client.id == Ownership.client_id)
            .where(Vehicle.plate_key.in_(keys), holds, *_LIVES)
        )
        groups: dict[str | None, dict[str, str]] = {}
        for row in (await self._uow.session.execute(query)).all() if keys else ():
            groups.setdefault(row[0], {})[row[1]] = row[2] or ""
        for group in groups.values():
            _note(found, combinations(sorted(group), 2), "same_plate", next(iter(group.values())), client_id)

    async def _same_name(self, found: Found, client_id: str | None, limit: int) -> None:
        """The same name, and phones that differ by a slip, or one of the two without a phone."""
        about: list[ColumnElement[bool]] = [*_LIVES, Client.name_key.contains(" ")]
        if client_id is not None:
            about.append(
                Client.name_key == select(Client.name_key).where(Client.id == client_id).scalar_subquery()
            )
        shared = select(Client.name_key).where(*about).group_by(Client.name_key)
        shared = shared.having(func.count().between(2, _MOST_SHARING)).limit(limit * 4)
        keys = [key for key in (await self._uow.session.scalars(shared)).all() if key.count(" ") >= 2]
        if not keys:
            return
        query = select(Client.name_key, Client.id).where(Client.name_key.in_(keys), *_LIVES)
        groups: dict[str, list[str]] = {}
        for row in (await self._uow.session.execute(query)).all():
            groups.setdefault(row[0], []).append(row[1])
        ids = [one for group in groups.values() for one in group]
        phones: dict[str, list[str]] = {}
        numbers = select(Phone.client_id, Phone.key).where(Phone.client_id.in_(ids), Phone.key.is_not(None))
        for client, number in (await self._uow.session.execute(numbers)).all():
            phones.setdefault(client, []).append(number or "")
        for group in groups.values():
            for pair in combinations(sorted(group), 2):
                ours, theirs = phones.get(pair[0], []), phones.get(pair[1], [])
                near = next((b for a in ours for b in theirs if are_similar(a, b)), None)
                if near is not None:
                    _note(found, [pair], "similar_phone", near, client_id)
                elif not ours or not theirs:
                    _note(found, [pair], "same_name", "", client_id)

    async def _views(self, found: Found, limit: int) -> tuple[DuplicateView, ...]:
        apart_table = Base.metadata.tables[Apart.__tablename__]
        ids = {one for pair in found for one in pair}
        query = select(apart_table.c.one_id, apart_table.c.other_id).where(apart_table.c.one_id.in_(ids))
        two = {tuple(row) for row in (await self._uow.session.execute(query)).all()} if ids else set()
        pairs = sorted(
            (pair for pair in found if pair not in two),
            key=lambda pair: (min(_ORDER.index(reason) for reason in found[pair]), pair),
        )[:limit]
        views = await self._clients.by_ids({one for pair in pairs for one in pair})
        return tuple(
            _view(views[one], views[other], found[one, other])
            for one, other in pairs
            if one in views and other in views
        )


def _note(
    found: Found, pairs: Iterable[Pair], reason: DuplicateReason, shown: str, client_id: str | None
) -> None:
    for pair in pairs:
        if client_id is None or client_id in pair:
            found.setdefault(pair, {}).setdefault(reason, shown)


def _view(one: ClientView, other: ClientView, why: dict[DuplicateReason, str]) -> DuplicateView:
    reasons = tuple(reason for reason in _ORDER if reason in why)
    return DuplicateView(
        one=one, other=other, reasons=reasons, shown=tuple(dict.fromkeys(why[r] for r in reasons if why[r]))
    )
