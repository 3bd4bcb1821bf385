"""Which records look alike: the same phone, the same plate, or the same name and nearly the same phone.
Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, func, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.models import Client, Ownership, Phone, Vehicle
from hub.modules.crm.rules_merge import are_similar
from hub.modules.crm.service_vehicles import VehicleService, owned_on
from hub.modules.crm.views import DuplicateReason

_MOST_SHARING = 6
"""A number that more have is a company's or a mistake, and says nothing."""
Ids = Collection[str] | None
"""Clients that one of a pair is to be among; None: anybody."""
Pair = tuple[str, str]
Found = dict[Pair, dict[DuplicateReason, str]]
_LIVES = (Client.is_archived.is_(False), Client.relation == "client")


class LikenessService:
    """Pairs of clients with what they share, by reason. Looking at everybody takes a while."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._today = VehicleService(uow, deps).today

    async def find(self, ids: Ids, limit: int) -> Found:
        """At least the `limit` first of each reason, where there are so many."""
        found: Found = {}
        await self._same(found, "same_phone", Phone.key, Phone.number, Phone.client_id, ids, limit)
        await self._same_plate(found, ids, limit)
        await self._same_name(found, ids, limit)
        return found

    async def _same(
        self, found: Found, reason: DuplicateReason, key: Any, shown: Any, owner: Any,
        ids: Ids, limit: int,
    ) -> None:  # fmt: skip
        """Groups that share a key; the keys come from an index alone."""
        about: ColumnElement[bool] = key.is_not(None)
        if ids is not None:
            about = key.in_(select(key).where(owner.in_(ids), key.is_not(None)))
        shared = select(key).where(about).group_by(key)
        shared = shared.having(func.count().between(2, _MOST_SHARING)).limit(limit * 2)
        keys = (await self._uow.session.scalars(shared)).all()
        query = select(key, owner, shown).join(Client, Client.id == owner).where(key.in_(keys), *_LIVES)
        groups: dict[str, dict[str, str]] = {}
        for row in (await self._uow.session.execute(query)).all() if keys else ():
            groups.setdefault(row[0], {})[row[1]] = row[2]
        for group in groups.values():
            _note(found, combinations(sorted(group), 2), reason, next(iter(group.values())), ids)

    async def _same_plate(self, found: Found, ids: Ids, limit: int) -> None:
        """A plate that two records of cars have with different owners of today."""
        holds = owned_on(self._today())
        about: list[ColumnElement[bool]] = [Vehicle.plate_key.is_not(None), Vehicle.is_archived.is_(False)]
        if ids is not None:
            mine = select(Ownership.vehicle_id).where(Ownership.client_id.in_(ids), holds)
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
            _note(found, combinations(sorted(group), 2), "same_plate", next(iter(group.values())), ids)

    async def _same_name(self, found: Found, ids: Ids, limit: int) -> None:
        """The same name, and phones that differ by a slip, or one of the two without a phone."""
        about: list[ColumnElement[bool]] = [*_LIVES, Client.name_key.contains(" ")]
        if ids is not None:
            about.append(Client.name_key.in_(select(Client.name_key).where(Client.id.in_(ids))))
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
                    _note(found, [pair], "similar_phone", near, ids)
                elif not ours or not theirs:
                    _note(found, [pair], "same_name", "", ids)


def _note(found: Found, pairs: Iterable[Pair], reason: DuplicateReason, shown: str, ids: Ids) -> None:
    mine = frozenset(ids or ())
    for pair in pairs:
        if ids is None or not mine.isdisjoint(pair):
            found.setdefault(pair, {}).setdefault(reason, shown)
