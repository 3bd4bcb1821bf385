"""Shops, when they are open, and the settings that are changed on the settings page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, select, update

from hub.errors import Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.orm import Base
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.models import Holiday, Hours, Option, Shop
from hub.modules.access.rules import is_open, spans_fault
from hub.modules.access.views import HolidayView, ShopView, Span
from hub.settings import ShopSettings
from hub.values import ShopId

TRUNKS = "telephony.trunks"

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
_ZONE_OF = select(_shops.c.timezone).where(_shops.c.id == bindparam("shop"))
_HOLIDAY_OF = select(_holidays.c.opens, _holidays.c.closes).where(
    _holidays.c.shop_id == bindparam("shop"), _holidays.c.day == bindparam("day")
)
_HOURS_OF = select(_hours.c.opens, _hours.c.closes).where(
    _hours.c.shop_id == bindparam("shop"), _hours.c.weekday == bindparam("weekday")
)


def shop_is_open(connection: Connection, shop_id: ShopId, at: datetime) -> bool:
    """Whether the shop is open at a moment, by its own zone, hours and holidays. For the hot path."""
    zone = connection.execute(_ZONE_OF, {"shop": shop_id}).scalar()
    if zone is None:
        return False
    local = at.astimezone(_zone(zone))
    special = connection.execute(_HOLIDAY_OF, {"shop": shop_id, "day": local.date()}).first()
    if special is not None:
        return special.opens is not None and is_open(
            local, [Span(opens=special.opens, closes=special.closes)]
        )
    rows = connection.execute(_HOURS_OF, {"shop": shop_id, "weekday": local.weekday()})
    return is_open(local, [Span(opens=row.opens, closes=row.closes) for row in rows])


def stored_trunks(connection: Connection) -> tuple[str, ...] | None:
    """The endpoints that the settings page says are outside lines; None = nobody was asked yet."""
    value = connection.execute(select(_options.c.value).where(_options.c.name == TRUNKS)).scalar()
    return None if value is None else tuple(map(str, json.loads(value)))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class ShopService:
    """Commands and queries on shops and stored settings."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def all(self) -> list[ShopView]:
        """Every shop, the first one first."""
        query = select(Shop).order_by(Shop.created_at, Shop.id)
        return [await self._view(shop) for shop in await self._uow.session.scalars(query)]

    async def one(self, shop_id: ShopId) -> ShopView:
        """Raises NotFound."""
        return await self._view(await self._row(shop_id))

    async def change(self, shop_id: ShopId, *, name: str, timezone: str, language: str) -> ShopView:
        """Name, zone and language of a shop. Raises NotFound, Invalid."""
        fields: dict[str, str] = {}
        name = " ".join(name.split())
        if not 0 < len(name) <= 200:
            fields["name"] = "Give a name of up to 200 characters."
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            fields["timezone"] = "There is no such time zone."
        if language not in ("en", "ru", "uk"):
            fields["language"] = "One of en, ru, uk."
        if fields:
            raise Invalid("access.shop_invalid", "Some fields need a look.", fields=fields)
        shop = await self._row(shop_id)
        shop.name, shop.timezone, shop.language = name, timezone, language
        shop.rev += 1
        return await self._view(shop)

    async def set_hours(
        self, shop_id: ShopId, hours: Mapping[int, Sequence[Span]], holidays: Sequence[HolidayView]
    ) -> ShopView:
        """Put new hours in place of the old ones. Raises NotFound, Invalid."""
        shop = await self._row(shop_id)
        fields = {f"day{day}": fault for day, spans in hours.items() if (fault := spans_fault(spans))}
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
                Holiday(shop_id=shop_id, day=one.day, title=one.title[:100], opens=opens, closes=closes)
            )
        shop.rev += 1
        await session.flush()
        return await self._view(shop)

    async def option(self, name: str) -> object:
        """A stored setting, or None."""
        row = await self._uow.session.get(Option, name)
        return None if row is None else json.loads(row.value)

    async def set_option(self, name: str, value: object) -> None:
        """Store a setting; JSON values only."""
        row = await self._uow.session.get(Option, name)
        text, now = json.dumps(value, ensure_ascii=False), self._deps.clock.now()
        if row is None:
            self._uow.session.add(Option(name=name, value=text, changed_at=now))
        else:
            row.value, row.changed_at = text, now

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
            holidays=tuple(holidays),
        )  # fmt: skip


def _holiday(day: date, row: Holiday) -> HolidayView:
    span = None
    if row.opens is not None and row.closes is not None:
        span = Span(opens=row.opens, closes=row.closes)
    return HolidayView(day=day, title=row.title, span=span)
