"""The log of an endpoint: how each delivery went, and sending things anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from hub.kernel.web import PageRequest, Route
from hub.modules.webhooks.api import DeliveryState, EndpointView, WebhooksApi
from hub.modules.webhooks.scope import MANAGE, shops_of
from hub.modules.webhooks.titles import TITLES
from hub.modules.webhooks.web import HOME

_SHOWN = 50
_STATES: tuple[DeliveryState, ...] = ("pending", "delivered", "parked")
_SPANS = {"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}


async def show(request: PageRequest) -> web.StreamResponse:
    """The endpoint and its log; `part=log` is what changes, for the script."""
    endpoint = await _endpoint(request)
    state = next((one for one in _STATES if one == request.query.get("state")), None)
    before = request.query.get("before")
    found = await request.apis.of(WebhooksApi).log.page(
        endpoint.id, state=state, before=before, limit=_SHOWN + 1
    )
    values: dict[str, Any] = {
        "endpoint": endpoint, "state": state or "", "deliveries": found[:_SHOWN], "titles": TITLES,
        "next": found[_SHOWN - 1].id if len(found) > _SHOWN else None,
    }  # fmt: skip
    if request.query.get("part") == "log":
        return request.fragment("webhooks/log.html", **values)
    return request.page("webhooks/endpoint.html", is_first=before is None, **values)


async def show_delivery(request: PageRequest) -> web.StreamResponse:
    """What was sent and what was answered."""
    endpoint = await _endpoint(request)
    delivery, tries = await request.apis.of(WebhooksApi).log.one(endpoint.id, request.path["delivery_id"])
    return request.page(
        "webhooks/delivery.html", endpoint=endpoint, delivery=delivery, tries=tries, titles=TITLES
    )


async def test(request: PageRequest) -> web.StreamResponse:
    """Send something at once."""
    endpoint = await _endpoint(request)
    shop = endpoint.shop_id or str(request.viewer.shop_id)
    await request.apis.of(WebhooksApi).log.test(endpoint.id, shop)
    return request.redirect(
        f"{HOME}/{endpoint.id}", notice=request.t("A test is on its way; the log says how it went.")
    )


async def resend(request: PageRequest) -> web.StreamResponse:
    """Send one anew."""
    endpoint = await _endpoint(request)
    again = await request.apis.of(WebhooksApi).log.resend(endpoint.id, request.path["delivery_id"])
    return request.redirect(f"{HOME}/{endpoint.id}/{again.id}", notice=request.t("It is sent anew."))


async def resend_range(request: PageRequest) -> web.StreamResponse:
    """Send anew what was given up lately, and what was missed."""
    endpoint = await _endpoint(request)
    now = request.deps.clock.now()
    hours = _SPANS.get(request.form.get("span", ""), 24)
    count = await request.apis.of(WebhooksApi).log.resend_range(
        endpoint.id, now - timedelta(hours=hours), now + timedelta(seconds=1), states=("parked",),
        missed=request.form.get("missed") == "1",
    )  # fmt: skip
    return request.redirect(f"{HOME}/{endpoint.id}", notice=request.t("Sent anew: {count}.", count=count))


async def _endpoint(request: PageRequest) -> EndpointView:
    return await request.apis.of(WebhooksApi).endpoints.one(request.path["id"], shops_of(request))


_DELIVERY = f"{HOME}/{{id}}/{{delivery_id}}"
routes = (
    Route(method="GET", path=f"{HOME}/{{id}}", handler=show, right=MANAGE, name="webhooks.show"),
    Route(method="POST", path=f"{HOME}/{{id}}/test", handler=test, right=MANAGE, name="webhooks.test"),
    Route(
        method="POST", path=f"{HOME}/{{id}}/resend", handler=resend_range, right=MANAGE,
        name="webhooks.resend_range_page",
    ),
    Route(method="GET", path=_DELIVERY, handler=show_delivery, right=MANAGE, name="webhooks.delivery"),
    Route(
        method="POST", path=f"{_DELIVERY}/resend", handler=resend, right=MANAGE, name="webhooks.resend"
    ),
)  # fmt: skip
