"""The one search box, and the lists that it narrows. Every part of a search is answered by an
index, or by one pass over a narrow index; 100,000 clients are the measure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, or_, select, union

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import unknown_place
from hub.kernel.masking import SHOWN_DIGITS
from hub.modules.crm import rules
from hub.modules.crm.models import Client, Ownership, Phone, Segment, Vehicle
from hub.modules.crm.naming import Named, begins, count_some
from hub.modules.crm.rules import Wanted, wanted
from hub.modules.crm.rules_birthday import days_of
from hub.modules.crm.service import ClientService
from hub.modules.crm.service_vehicles import VehicleService, owned_on
from hub.modules.crm.views import (
    ClientFilter,
    ClientPage,
    ClientView,
    FoundBy,
    SearchHit,
    VehicleFilter,
    VehiclePage,
)  # fmt: skip

_CURSOR = re.compile(r"[0-9a-z]{26}")
MOST_CHOICES = 50


def _each_once(column: Any, most: int, connection: Connection) -> tuple[str, ...]:
    """The values of an indexed column, each by one look into the index, however many rows have it."""
    found: list[str] = []
    last = ""
    while len(found) < most:
        value = connection.execute(select(column).where(column > last).order_by(column).limit(1)).scalar()
        if value is None:
            break
        found.append(value)
        last = value
    return tuple(found)


class SearchService:
    """Finds clients and cars."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._country = deps.places.of(uow.shop_id).country
        self._clients = ClientService(uow, deps)
        self._vehicles = VehicleService(uow, deps)

    async def birthdays(self, day: date, *, after: str, limit: int) -> list[ClientView]:
        """A stretch of those whose birthday it is."""
        query = select(Client).where(
            or_(*(Client.birthday.endswith(one) for one in days_of(day))), Client.id > after,
            Client.relation == "client", Client.is_archived.is_(False), Client.merged_into.is_(None),
        )  # fmt: skip
        rows = (await self._uow.session.scalars(query.order_by(Client.id).limit(limit))).all()
        return list((await self._clients.views(rows)).values())

    async def clients(self, where: ClientFilter, *, cursor: str | None, limit: int) -> ClientPage:
        known: list[ColumnElement[bool]] = []
        if cursor is not None:
            known.append(Client.id < _checked(cursor))
        if where.relation is not None:
            known.append(Client.relation == where.relation)
        if where.is_archived is not None:
            known.append(Client.is_archived == where.is_archived)
        if where.is_archived is not False:
            known.append(Client.merged_into.is_(None))
        if where.source:
            known.append(Client.source == where.source)
        if where.segment:
            known.append(Client.id.in_(select(Segment.client_id).where(Segment.segment == where.segment)))
        if where.is_blocked:
            known.append(Client.blocked_reason.is_not(None))
        if where.phone:
            key = rules.number_key(where.phone, self._country)
            known.append(Client.id.in_(select(Phone.client_id).where(Phone.key == key)))
        if where.text.strip():
            want = self._wanted(where.text, whole_numbers=where.whole_numbers)
            ways: list[ColumnElement[bool]] = [Client.id.in_(part) for part in self._client_parts(want)]
            if (named := await self._named(want)) is not None:
                ways.append(named.means(Client.id))
            parts = _newest(Client.id, ways, known, limit + 1)
            known = [Client.id.in_(union(*parts)) if parts else false()]
        query = select(Client).where(*known).order_by(Client.id.desc()).limit(limit + 1)
        rows = (await self._uow.session.scalars(query)).all()
        items = tuple((await self._clients.views(rows[:limit])).values())
        return ClientPage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def sources(self) -> tuple[str, ...]:
        """Where clients came from, as far as somebody wrote it down."""
        return await self._uow.read(partial(_each_once, Client.source, MOST_CHOICES))

    async def segments(self) -> tuple[str, ...]:
        """The segments that clients are in."""
        return await self._uow.read(partial(_each_once, Segment.segment, MOST_CHOICES))

    async def vehicles(self, where: VehicleFilter, *, cursor: str | None, limit: int) -> VehiclePage:
        known: list[ColumnElement[bool]] = []
        if cursor is not None:
            known.append(Vehicle.id < _checked(cursor))
        if where.is_archived is not None:
            known.append(Vehicle.is_archived == where.is_archived)
        if where.client_id is not None:
            owner = (await self._clients.by_ids([where.client_id])).get(where.client_id)
            owner_id = owner.id if owner is not None else where.client_id
            known.append(Vehicle.id.in_(self._cars_of(Ownership.client_id == owner_id)))
        if where.text.strip():
            want = self._wanted(where.text, whole_numbers=where.whole_numbers)
            known.append(self._is_meant(want, await self._named(want), known, limit + 1))
        query = select(Vehicle).where(*known).order_by(Vehicle.id.desc()).limit(limit + 1)
        rows = (await self._uow.session.scalars(query)).all()
        items = await self._vehicles.views(rows[:limit])
        return VehiclePage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def hits(self, text: str, limit: int, *, whole_numbers: bool = False) -> list[SearchHit]:
        """The surest first: a number, a plate or VIN, a name."""
        want = self._wanted(text, whole_numbers=whole_numbers)
        hits = await self._people(self._by_phone(want), "phone", limit)
        hits += await self._cars(self._by_code(want), want, limit - len(hits))
        if len(hits) < limit and (named := await self._named(want)) is not None:
            some = [select(named.some(Client.is_archived.is_(False)).subquery().c.client_id)]
            hits += await self._people(some, "name", limit - len(hits))
        seen: set[tuple[str | None, str | None]] = set()
        once = []
        for hit in hits:
            who = (hit.client.id if hit.client else None, hit.vehicle.id if hit.vehicle else None)
            if who not in seen:
                seen.add(who)
                once.append(hit)
        return once

    def _wanted(self, text: str, *, whole_numbers: bool) -> Wanted:
        """Who sees numbers masked must not find the rest of one digit by digit."""
        want = wanted(text, self._country)
        if whole_numbers and len(want.digits) > SHOWN_DIGITS:
            return replace(want, digits="")
        return want

    async def _people(self, parts: list[Select[str]], found_by: FoundBy, limit: int) -> list[SearchHit]:
        if not parts or limit <= 0:
            return []
        known = Client.is_archived.is_(False)
        query = select(Client).where(Client.id.in_(union(*parts)), known)
        rows = (await self._uow.session.scalars(query.order_by(Client.name_key).limit(limit))).all()
        views = await self._clients.views(rows)
        return [SearchHit(client=view, vehicle=None, found_by=found_by) for view in views.values()]

    async def _cars(self, codes: list[ColumnElement[bool]], want: Wanted, limit: int) -> list[SearchHit]:
        if not codes or limit <= 0:
            return []
        known = Vehicle.is_archived.is_(False)
        query = select(Vehicle).where(or_(*codes), known).order_by(Vehicle.plate_key).limit(limit)
        views = await self._vehicles.views((await self._uow.session.scalars(query)).all())
        owners = await self._clients.by_ids([v.client_id for v in views if v.client_id is not None])
        hits = []
        for view in views:
            owner: ClientView | None = owners.get(view.client_id or "")
            found_by: FoundBy = "vin" if want.vin and want.vin in (view.vin or "") else "plate"
            hits.append(SearchHit(client=owner, vehicle=view, found_by=found_by))
        return hits

    def _client_parts(self, want: Wanted) -> list[Select[str]]:
        """Each way in which a client may be meant but by name, as a query of ids."""
        parts = self._by_phone(want)
        for code in self._by_code(want):
            cars = select(Vehicle.id).where(code)
            owned = (Ownership.vehicle_id.in_(cars), owned_on(self._vehicles.today()))
            parts.append(select(Ownership.client_id).where(*owned))
        return parts

    def _is_meant(
        self, want: Wanted, named: Named | None, known: Sequence[ColumnElement[bool]], limit: int
    ) -> ColumnElement[bool]:
        """Each way in which a car may be meant: its plate or VIN, its owner, its model. A model is
        looked for car by car from the newest: a common one is soon found."""
        owned: list[ColumnElement[bool]] = [
            Vehicle.id.in_(self._cars_of(Ownership.client_id.in_(owner))) for owner in self._by_phone(want)
        ]
        if named is not None:
            owned.append(self._is_owned_by(named))
        parts = [select(Vehicle.id).where(code) for code in self._by_code(want)]
        parts += _newest(Vehicle.id, owned, known, limit)
        ways: list[ColumnElement[bool]] = [Vehicle.id.in_(union(*parts))] if parts else []
        model = want.words or ((want.digits,) if len(want.digits) in (3, 4) else ())
        if model and not want.vin:
            ways.append(and_(*(Vehicle.title_key.contains(f" {w}", autoescape=True) for w in model)))
        return or_(false(), *ways)

    def _cars_of(self, owner: ColumnElement[bool]) -> Select[str]:
        return select(Ownership.vehicle_id).where(owner, owned_on(self._vehicles.today()))

    def _by_phone(self, want: Wanted) -> list[Select[str]]:
        parts: list[Select[str]] = []
        if want.number is not None:
            parts.append(select(Phone.client_id).where(Phone.key == want.number))
        if want.digits:
            parts.append(select(Phone.client_id).where(begins(Phone.tail, want.digits[::-1])))
        if len(want.digits) >= 5:
            starts = rules.number_starts(want.digits, self._country)
            parts += [select(Phone.client_id).where(begins(Phone.key, start)) for start in starts]
        return parts

    def _is_owned_by(self, named: Named) -> ColumnElement[bool]:
        means = named.means(Ownership.client_id)
        if not named.is_common:
            return Vehicle.id.in_(self._cars_of(means))
        its_own = (Ownership.vehicle_id == Vehicle.id, owned_on(self._vehicles.today()), means)
        return exists().where(*its_own)

    async def _named(self, want: Wanted) -> Named | None:
        if not want.words:
            return None
        return Named(await self._uow.read(partial(count_some, want.words)))

    def _by_code(self, want: Wanted) -> list[ColumnElement[bool]]:
        """Plates by any part that has a digit, else by their beginning; VINs by any part."""
        codes: list[ColumnElement[bool]] = []
        if want.plate:
            has_digit = any(c.isdigit() for c in want.plate)
            part = Vehicle.plate_key.contains(want.plate, autoescape=True)
            codes.append(part if has_digit else begins(Vehicle.plate_key, want.plate))
        if len(want.vin) == 17:
            codes.append(Vehicle.vin == want.vin)
        elif want.vin:
            codes.append(Vehicle.vin.contains(want.vin, autoescape=True))
        return codes


def _newest(
    column: Any, ways: Iterable[ColumnElement[bool]], known: Iterable[ColumnElement[bool]], limit: int
) -> list[Select[str]]:
    """The newest ids that are meant in each of these ways: a word of everybody's has been found often
    enough before everybody was looked at."""
    tops = [select(column).where(*known, way).order_by(column.desc()).limit(limit).subquery() for way in ways]
    return [select(top.c.id) for top in tops]


def _checked(cursor: str) -> str:
    if _CURSOR.fullmatch(cursor) is None:
        raise unknown_place()
    return cursor
