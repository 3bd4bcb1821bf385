"""Shops, when they are open, and the settings that are changed on the settings page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.shops import FIRST_SHOP, Place
from hub.kernel.storage.orm import Base, new_id
from hub.kernel.storage.prepared import Prepared
from hub.modules.access.models import Holiday, Hours, Option, Shop
from hub.modules.access.rules import is_open, spans_fault
from hub.modules.access.rules_shops import cleaned, shop_faults
from hub.modules.access.views import HolidayView, ShopEntry, ShopView, Span
from hub.modules.access.zones import zone_of
from hub.settings import ShopSettings
from hub.values import ShopId

TRUNKS = "telephony.trunks"
SETTINGS_TOPIC = "settings"

_shops = Base.metadata.tables["access_shops"]
_hours = Base.metadata.tables["access_hours"]
_holidays = Base.metadata.tables["access_holidays"]
_options = Base.metadata.tables["access_options"]


def ensure_first_shop(connection: Connection, settings: ShopSettings) -> None:
    """The first shop as the settings say, until somebody has changed it on the settings page."""
    values = {
        "name": settings.name or "Pitline",
        "country": settings.country,
        "timezone": settings.timezone,
        "currency": settings.currency,
        "language": settings.language,
    }
    connection.execute(update(_shops).where(_shops.c.id == FIRST_SHOP, _shops.c.rev == 1).values(values))


# Built once: on the hot path the building of a statement costs more than the statement.
_ZONE_OF = Prepared(select(_shops.c.timezone).where(_shops.c.id == bindparam("shop")))
_HOLIDAY_OF = Prepared(
    select(_holidays.c.opens, _holidays.c.closes).where(
        _holidays.c.shop_id == bindparam("shop"), _holidays.c.day == bindparam("day")
    )
)
_HOURS_OF = Prepared(
    select(_hours.c.opens, _hours.c.closes).where(
        _hours.c.shop_id == bindparam("shop"), _hours.c.weekday == bindparam("weekday")
    )
)


def shop_ids(connection: Connection) -> frozenset[ShopId]:
    """Every shop."""
    return frozenset(ShopId(row.id) for row in _IDS.all(connection, {}))


_IDS = Prepared(select(Shop.id))


def shop_is_open(connection: Connection, shop_id: ShopId, at: datetime) -> bool:
    """Whether the shop is open at a moment, by its own zone, hours and holidays. For the hot path."""
    shops = _ZONE_OF.all(connection, {"shop": shop_id})
    if not shops:
        return False
    local = at.astimezone(zone_of(shops[0].timezone))
    for special in _HOLIDAY_OF.all(connection, {"shop": shop_id, "day": local.date()}):
        return special.opens is not None and is_open(
            local, [Span(opens=special.opens, closes=special.closes)]
        )
    rows = _HOURS_OF.all(connection, {"shop": shop_id, "weekday": local.weekday()})
    return is_open(local, [Span(opens=row.opens, closes=row.closes) for row in rows])


def stored_places(connection: Connection) -> dict[ShopId, Place]:
    """Where every shop stands."""
    rows = connection.execute(select(_shops.c.id, _shops.c.country, _shops.c.timezone))
    return {ShopId(row.id): Place(row.country, zone_of(row.timezone)) for row in rows}


def stored_trunks(connection: Connection) -> tuple[str, ...] | None:
    """The endpoints that the settings page says are outside lines; None = nobody was asked yet."""
    value = connection.execute(select(_options.c.value).where(_options.c.name == TRUNKS)).scalar()
    return None if value is None else tuple(map(str, json.loads(value)))


class ShopService:
    """Commands and queries on shops and stored settings."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def all(self) -> list[ShopView]:
        """Every shop, the first one first."""
        query = select(Shop).order_by(Shop.created_at, Shop.id)
        return [await self._view(shop) for shop in await self._uow.session.scalars(query)]

    async def names(self) -> dict[ShopId, str]:
        """Every shop's name, the first one first."""
        query = select(Shop.id, Shop.name).order_by(Shop.created_at, Shop.id)
        return {ShopId(shop): name for shop, name in await self._uow.session.execute(query)}

    async def one(self, shop_id: ShopId) -> ShopView:
        """Raises NotFound."""
        return await self._view(await self._row(shop_id))

    async def create(self, entry: ShopEntry, like: ShopId | None = None) -> ShopView:
        """A further shop, open as the shop `like`. Raises Invalid, NotFound."""
        entry = self._checked(entry)
        now = self._deps.clock.now()
        shop = Shop(id=new_id(self._deps.clock), created_at=now, rev=2, **asdict(entry))
        self._uow.session.add(shop)
        await self._uow.session.flush()
        if like is not None:
            await self.set_hours(ShopId(shop.id), (await self.one(like)).hours, ())
        self._changed(shop)
        return await self._view(shop)

    async def change(self, shop_id: ShopId, entry: ShopEntry, rev: int | None = None) -> ShopView:
        """Put `entry` in place of what is there. Raises NotFound, Invalid, Conflict for a stale `rev`."""
        entry = self._checked(entry)
        shop = await self._row(shop_id)
        await self._uow.session.refresh(shop, with_for_update=True)
        _not_stale(shop, rev)
        for name, value in asdict(entry).items():
            setattr(shop, name, value)
        shop.rev += 1
        await self._uow.session.flush()
        self._changed(shop)
        return await self._view(shop)

    async def set_hours(
        self, shop_id: ShopId, hours: Mapping[int, Sequence[Span]], holidays: Sequence[HolidayView],
        rev: int | None = None,
    ) -> ShopView:  # fmt: skip
        """Put new hours in place of the old ones. Raises NotFound, Invalid, Conflict for a stale `rev`."""
        shop = await self._row(shop_id)
        await self._uow.session.refresh(shop, with_for_update=True)
        _not_stale(shop, rev)
        fields = {f"day{day}": fault for day, spans in hours.items() if (fault := spans_fault(spans))}
        fields |= {f"day{d}": "A day has at most one break." for d, spans in hours.items() if len(spans) > 2}
        for holiday in holidays:
            fault = spans_fault([holiday.span] if holiday.span else [])
            if fault:
                fields[f"holiday_{holiday.day.isoformat()}"] = fault
        if len({holiday.day for holiday in holidays}) != len(holidays):
            fields["holidays"] = "A day stands here twice."
        if fields:
            raise Invalid("access.hours_invalid", "Some hours need a look.", fields=fields)
        session = self._uow.session
        await session.execute(delete(Hours).where(Hours.shop_id == shop_id))
        await session.execute(delete(Holiday).where(Holiday.shop_id == shop_id))
        for weekday, spans in hours.items():
            for span in spans:
                session.add(Hours(shop_id=shop_id, weekday=weekday, opens=span.opens, closes=span.closes))
        for one in holidays:
            opens, closes = (one.span.opens, one.span.closes) if one.span else (None, None)
            session.add(
                Holiday(
                    shop_id=shop_id,
                    day=one.day,
                    title=one.title.replace("\x00", " ")[:100],
                    opens=opens,
                    closes=closes,
                )
            )
        shop.rev += 1
        await session.flush()
        self._changed(shop)
        return await self._view(shop)

    async def option(self, name: str) -> object:
        """A stored setting, or None."""
        row = await self._uow.session.get(Option, name)
        return None if row is None else json.loads(row.value)

    async def set_option(self, name: str, value: object) -> None:
        """Store a setting; JSON values only."""
        await self._uow.take_turn(f"option:{name}")
        row = await self._uow.session.get(Option, name)
        text, now = json.dumps(value, ensure_ascii=False), self._deps.clock.now()
        if row is None:
            self._uow.session.add(Option(name=name, value=text, changed_at=now))
        else:
            row.value, row.changed_at = text, now
        self._uow.hint(SETTINGS_TOPIC, name, 0)

    async def forget_option(self, name: str) -> None:
        """Back to what the file, the environment or the program says."""
        await self._uow.session.execute(delete(Option).where(Option.name == name))
        self._uow.hint(SETTINGS_TOPIC, name, 0)

    def _checked(self, entry: ShopEntry) -> ShopEntry:
        entry = cleaned(entry)
        fields = shop_faults(entry)
        if fields:
            raise Invalid("access.shop_invalid", "Some fields need a look.", fields=fields)
        return entry

    def _changed(self, shop: Shop) -> None:
        self._uow.hint("access", shop.id, shop.rev)
        self._uow.hint(SETTINGS_TOPIC, shop.id, shop.rev)
        place = {ShopId(shop.id): Place(shop.country, zone_of(shop.timezone))}
        self._uow.after_commit(lambda: self._deps.places.learn(place))

    async def _row(self, shop_id: ShopId) -> Shop:
        shop = await self._uow.session.get(Shop, shop_id)
        if shop is None:
            raise NotFound("access.shop_unknown", "There is no such shop.")
        return shop

    async def _view(self, shop: Shop) -> ShopView:
        hours: dict[int, tuple[Span, ...]] = {}
        query = select(Hours).where(Hours.shop_id == shop.id).order_by(Hours.weekday, Hours.opens)
        for row in await self._uow.session.scalars(query):
            hours[row.weekday] = (*hours.get(row.weekday, ()), Span(opens=row.opens, closes=row.closes))
        days = select(Holiday).where(Holiday.shop_id == shop.id).order_by(Holiday.day)
        holidays = [_holiday(row.day, row) for row in await self._uow.session.scalars(days)]
        return ShopView(
            id=ShopId(shop.id), name=shop.name, country=shop.country, timezone=shop.timezone,
            currency=shop.currency, language=shop.language, rev=shop.rev, hours=hours,
            address=shop.address, latitude=shop.latitude, longitude=shop.longitude,
            requisites=shop.requisites, holidays=tuple(holidays),
        )  # fmt: skip


def _not_stale(shop: Shop, rev: int | None) -> None:
    if rev is not None and rev != shop.rev:
        raise Conflict("access.stale", "Somebody else has changed this meanwhile.", "Look at it again.")


def _holiday(day: date, row: Holiday) -> HolidayView:
    span = None
    if row.opens is not None and row.closes is not None:
        span = Span(opens=row.opens, closes=row.closes)
    return HolidayView(day=day, title=row.title, span=span)
