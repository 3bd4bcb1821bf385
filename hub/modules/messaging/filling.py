"""What the variables of templates stand for, in one thread at this moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.errors import NotAllowed
from hub.kernel.web import PageRequest
from hub.modules.access.api import ShopView, show_minutes
from hub.modules.calls.api import CallsApi
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.crm.api import CrmApi, VehicleView
from hub.modules.messaging.rules_templates import AGREE, VARIABLES
from hub.modules.messaging.scope import is_program
from hub.modules.tasks.api import TasksApi
from hub.values import ShopId

_LOOK_AHEAD = 14


async def values_of(
    request: PageRequest, client_id: str | None, shop: ShopView, *, line: str | None = None,
    wanted: Collection[str] = VARIABLES,
) -> dict[str, str]:  # fmt: skip
    """Variable -> text; what is not known is empty, and has to be typed. Only what is wanted is looked up."""
    crm = request.apis.of(CrmApi)
    client = (await crm.clients_by_ids([client_id])).get(client_id) if client_id is not None else None
    has_car = client is not None and not {"car", "plate"}.isdisjoint(wanted)
    cars = (await crm.vehicles_of([client.id])).get(client.id, ()) if client is not None and has_car else ()
    car: VehicleView | None = next((one for one in cars if not one.is_archived), None)
    return {
        "name": client.name if client is not None else "",
        "car": car.name if car is not None else "",
        "plate": (car.plate or "") if car is not None else "",
        "shop": shop.name,
        "address": shop.address,
        "requisites": shop.requisites,
        "phone": line or (await _line_of(request, shop.id) if "phone" in wanted else ""),
        "hours": next_hours(shop, request.deps.clock.now()),
        "me": request.viewer.name,
        "time": await _promised(request, shop) if "time" in wanted else "",
    }


async def with_agreement(
    request: PageRequest, text: str, client_id: str | None, channel: str | None, address: str | None
) -> dict[str, str]:
    """The link by which they agree to advertising, where the text has a place for it: a new one each time, so
    only for a text that is sent now. Raises Conflict where there can be none, NotAllowed for a program."""
    if AGREE not in text:
        return {}
    if is_program(request):
        raise NotAllowed(
            "messaging.agree_by_person", "Programs do not ask for consents.",
            "Name a template without {variable}, or let a person send it.", data={"variable": AGREE},
        )  # fmt: skip
    whose = Subject(client_id=client_id, channel=channel or "", address=address or "")
    return {"agree": await request.apis.of(ConsentsApi).asking.link(whose)}


async def _line_of(request: PageRequest, shop_id: ShopId) -> str:
    lines = await request.apis.of(CallsApi).lines()
    return next((one.number for one in lines if one.shop_id == shop_id), "")


async def _promised(request: PageRequest, shop: ShopView) -> str:
    """When one may promise to ring back: in an hour of work."""
    moments = await request.apis.of(TasksApi).moments(shop.id)
    due = moments.get("hour") or next(iter(moments.values()), None)
    return due.astimezone(ZoneInfo(shop.timezone)).strftime("%H:%M") if due is not None else ""


def next_hours(shop: ShopView, now: datetime) -> str:
    """`09:00-18:00` of today, while it is open or will be; else of the next day that it is, with its date."""
    local = now.astimezone(ZoneInfo(shop.timezone))
    special = {one.day: (one.span,) if one.span is not None else () for one in shop.holidays}
    for ahead in range(_LOOK_AHEAD):
        day = local.date() + timedelta(days=ahead)
        spans = special.get(day, shop.hours.get(day.weekday(), ()))
        minute = local.hour * 60 + local.minute if ahead == 0 else 0
        if spans and spans[-1].closes > minute:
            times = ", ".join(f"{show_minutes(span.opens)}-{show_minutes(span.closes)}" for span in spans)
            return times if ahead == 0 else f"{day:%d.%m} {times}"
    return ""
