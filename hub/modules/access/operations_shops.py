"""Shops and their opening hours in the API."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from pydantic import BaseModel, Field

from hub.errors import Invalid, NotAllowed
from hub.kernel.listing import Moment, Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.rules import show_minutes
from hub.modules.access.rules_hours import open_state, read_time
from hub.modules.access.rules_map import LONGEST
from hub.modules.access.rules_shops import LONGEST_REQUISITES
from hub.modules.access.service_shops import ShopService
from hub.modules.access.views import HolidayView, ShopEntry, ShopView, Span
from hub.modules.access.web_shops import may_add, own_shop, placed
from hub.modules.access.zones import zone_of

_TIME = r"^([01]?\d|2[0-4]):[0-5]\d$"


class TimeSpan(Strict):
    """Open from one time of the local day to another; `24:00` is midnight at its end."""

    opens: str = Field(pattern=_TIME, examples=["09:00"])
    closes: str = Field(pattern=_TIME, examples=["18:00"])


class SpecialDay(Strict):
    """A day with hours of its own; without a span the shop is closed."""

    day: date
    title: str = Field("", max_length=100)
    span: TimeSpan | None = None


class Hours(Strict):
    """The week (key `0` = Monday … `6` = Sunday; a day that is not there is closed) and the days that
    differ."""

    week: dict[str, list[TimeSpan]] = Field(default_factory=dict)
    special_days: list[SpecialDay] = Field(default_factory=list, max_length=400)


class HoursChange(Hours):
    """Takes the place of what is there; with `rev` only if nobody was faster."""

    rev: int | None = None


class ShopOut(BaseModel):
    """A shop; `is_open` and `changes_at` are as of now, by its own zone."""

    id: str
    rev: int
    name: str
    address: str
    country: str
    timezone: str
    currency: str
    language: str
    latitude: float | None = Field(description="Its point on the map, in degrees; null: not said")
    longitude: float | None
    requisites: str = Field(description="By which it is paid: receiver, account, tax number")
    hours: Hours
    is_open: bool
    changes_at: Moment | None = Field(description="When it opens or closes next; null: not in sight")


class ShopList(BaseModel):
    """All of them: an installation has few."""

    items: list[ShopOut]
    next: str | None = None


class NewShop(Strict):
    """What is said about a new shop; it is open like the token's own."""

    name: str = Field(min_length=1, max_length=200)
    address: str = Field("", max_length=300)
    country: str = Field(min_length=2, max_length=2)
    timezone: str = Field(max_length=64)
    currency: str = Field(min_length=3, max_length=3)
    language: str = Field(max_length=8)
    requisites: str = Field("", max_length=LONGEST_REQUISITES)
    map: str = Field(
        "", max_length=LONGEST,
        description="Its point on the map: a map's link, or degrees: `50.4501, 30.5234`",
    )  # fmt: skip


class ShopChange(Strict):
    """What to change; with `rev` only if nobody was faster."""

    rev: int | None = None
    name: str | None = Field(None, min_length=1, max_length=200)
    address: str | None = Field(None, max_length=300)
    country: str | None = Field(None, min_length=2, max_length=2)
    timezone: str | None = Field(None, max_length=64)
    currency: str | None = Field(None, min_length=3, max_length=3)
    language: str | None = Field(None, max_length=8)
    requisites: str | None = Field(None, max_length=LONGEST_REQUISITES)
    map: str | None = Field(
        None, max_length=LONGEST, description="Its point, in either writing; empty: no point any more"
    )


async def list_shops(request: PageRequest) -> ShopList:
    """The first one first."""
    shops = await ShopService(request.uow, request.deps).all()
    return ShopList(items=[_out(request, shop) for shop in shops if shop.id in request.viewer.shop_ids])


async def get_shop(request: PageRequest) -> ShopOut:
    """One of them."""
    return _out(request, await _shop(request))


async def create_shop(request: PageRequest, body: NewShop) -> ShopOut:
    """Only for whoever may change every shop."""
    if not may_add(request):
        raise NotAllowed("access.no_right", "You have no right to do this.", "Ask the owner for it.")
    service = ShopService(request.uow, request.deps)
    latitude, longitude = placed(body.map)
    entry = ShopEntry(**body.model_dump(exclude={"map"}), latitude=latitude, longitude=longitude)
    return _out(request, await service.create(entry, like=request.viewer.shop_id))


async def change_shop(request: PageRequest, body: ShopChange) -> ShopOut:
    """Only what is given is changed."""
    old = await _shop(request)
    values = {one.name: getattr(old, one.name) for one in fields(ShopEntry)}
    said = body.model_dump(exclude={"rev", "map"})
    values |= {name: value for name, value in said.items() if value is not None}
    if body.map is not None:
        values["latitude"], values["longitude"] = placed(body.map)
    service = ShopService(request.uow, request.deps)
    return _out(request, await service.change(old.id, ShopEntry(**values), body.rev))


async def change_hours(request: PageRequest, body: HoursChange) -> ShopOut:
    """The whole week and all special days at once."""
    shop = await _shop(request)
    strange = {f"week.{day}": "Days are 0 (Monday) to 6." for day in body.week if day not in set("0123456")}
    if strange:
        raise Invalid("access.hours_invalid", "Some hours need a look.", fields=strange)
    hours = {int(day): [_span(one) for one in spans] for day, spans in body.week.items()}
    special = [
        HolidayView(day=one.day, title=one.title, span=_span(one.span) if one.span else None)
        for one in body.special_days
    ]
    service = ShopService(request.uow, request.deps)
    return _out(request, await service.set_hours(shop.id, hours, special, body.rev))


async def _shop(request: PageRequest) -> ShopView:
    return await ShopService(request.uow, request.deps).one(own_shop(request, request.path["id"]))


def _span(span: TimeSpan) -> Span:
    return Span(opens=read_time(span.opens) or 0, closes=read_time(span.closes) or 0)


def _shown(span: Span) -> TimeSpan:
    return TimeSpan(opens=show_minutes(span.opens), closes=show_minutes(span.closes))


def _out(request: PageRequest, shop: ShopView) -> ShopOut:
    state = open_state(shop.hours, shop.holidays, request.deps.clock.now(), zone_of(shop.timezone))
    week = {str(day): [_shown(span) for span in spans] for day, spans in sorted(shop.hours.items())}
    special = [
        SpecialDay(day=one.day, title=one.title, span=_shown(one.span) if one.span else None)
        for one in shop.holidays
    ]
    return ShopOut(
        **{one.name: getattr(shop, one.name) for one in fields(ShopEntry)}, id=shop.id, rev=shop.rev,
        hours=Hours(week=week, special_days=special), is_open=state.is_open,
        changes_at=state.changes_at,
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/shops", handler=list_shops, right="settings.view", name="access.list_shops",
        feature="0.5",
        summary="List the shops", result=ShopList, errors=(401, 403, 429),
    ),
    ApiOperation(
        method="POST", path="/shops", handler=create_shop, right="settings.edit", name="access.create_shop",
        summary="Add a shop", body=NewShop, result=ShopOut, status=201, errors=(401, 403, 415, 422, 429),
        feature="6.1",
    ),
    ApiOperation(
        method="GET", path="/shops/{id}", handler=get_shop, right="settings.view", name="access.get_shop",
        feature="0.5",
        summary="One shop", result=ShopOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="PATCH", path="/shops/{id}", handler=change_shop, right="settings.edit",
        name="access.update_shop",
        feature="0.5",
        summary="Change a shop", body=ShopChange, result=ShopOut,
        errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="PUT", path="/shops/{id}/hours", handler=change_hours, right="settings.edit",
        name="access.update_hours",
        feature="0.5",
        summary="Set a shop's opening hours", body=HoursChange, result=ShopOut,
        errors=(401, 403, 404, 409, 415, 422, 429),
    ),
)  # fmt: skip
