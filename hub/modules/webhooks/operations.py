"""Webhooks in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import Invalid
from hub.kernel.listing import NEXT, Asked, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.webhooks.api import DeliveryState, EndpointEntry, EndpointView, WebhooksApi
from hub.modules.webhooks.scope import MANAGE, address_fault, shops_of
from hub.modules.webhooks.views import OffReason


def _once_each(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))


Patterns = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=80)]],
    Field(min_length=1, max_length=200, examples=[["call.ended", "crm.*"], ["*"]]),
    AfterValidator(_once_each),
]


class EndpointOut(BaseModel):
    """An address that is told of events. `off_reason` says why we switched it off ourselves."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    name: str
    url: str
    events: list[str] = Field(description="Wire names, areas like `call.*`, or `*`")
    shop_id: str | None = Field(description="Null: events of every shop")
    is_active: bool
    off_reason: OffReason
    failing_since: Moment | None
    old_secret_until: Moment | None = Field(description="Until then the secret before signs too")
    created_at: Moment
    pending: int = Field(description="How many deliveries wait")
    parked: int = Field(description="How many were given up")


class EndpointMade(EndpointOut):
    """A new endpoint or a new secret; the secret is shown here and never again."""

    secret: str


class EndpointPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[EndpointOut]
    next: str | None = Field(description=NEXT)


class EndpointIn(Strict):
    """A new endpoint."""

    url: str = Field(min_length=1, max_length=2000, examples=["https://crm.example.com/hooks/pitline"])
    name: str = Field("", max_length=100)
    events: Patterns = Field(default_factory=lambda: ["*"])
    shop_id: str | None = Field(None, max_length=40, description="Null: every shop that you may see")
    is_active: bool = True


class EndpointChange(Strict):
    """What to change; with `rev` only if nobody was faster."""

    rev: int | None = None
    url: str | None = Field(None, min_length=1, max_length=2000)
    name: str | None = Field(None, max_length=100)
    events: Patterns | None = None
    is_active: bool | None = Field(None, description="True forgives what failed before")


class AttemptOut(BaseModel):
    """One try; `answer` is the first kilobyte."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    at: Moment
    status: int | None
    ms: int
    error: str
    answer: str


class DeliveryOut(BaseModel):
    """An event for an endpoint."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    event_id: str = Field(description="`webhook-id` of the request")
    event_name: str
    state: DeliveryState
    attempts: int
    queued_at: Moment
    next_try_at: Moment | None
    done_at: Moment | None
    last_status: int | None
    last_error: str


class DeliveryWhole(DeliveryOut):
    """With what was sent, and every try."""

    body: Words
    tries: list[AttemptOut]


class DeliveryPageOut(BaseModel):
    """A stretch of the log, newest first."""

    items: list[DeliveryOut]
    next: str | None = Field(description=NEXT)


class DeliveryQuery(ListQuery):
    """Which deliveries."""

    state: DeliveryState | None = None


class RangeIn(Strict):
    """Which deliveries to send anew: those of events that were stored in this time."""

    model_config = ConfigDict(populate_by_name=True)

    since: Asked = Field(alias="from", description="From this moment on")
    until: Asked = Field(alias="to", description="Before this moment")
    states: list[DeliveryState] = Field(default_factory=lambda: list[DeliveryState](["parked"]), max_length=3)
    missed: bool = Field(False, description="Also the events of that time that it was never told of")


class Queued(BaseModel):
    """How many will be sent anew."""

    queued: int


async def ask_address(request: PageRequest, body: EndpointIn | EndpointChange) -> str | None:
    """Outside of the unit of work, since it asks the DNS."""
    return None if body.url is None else await address_fault(request, body.url)


async def list_endpoints(request: PageRequest, query: ListQuery) -> EndpointPageOut:
    """Newest first."""
    found = await _api(request).endpoints.page(shops_of(request), before=query.cursor, limit=query.limit + 1)
    items = [_out(one) for one in found[: query.limit]]
    return EndpointPageOut(items=items, next=items[-1].id if len(found) > query.limit else None)


async def get_endpoint(request: PageRequest) -> EndpointOut:
    """One of them."""
    return _out(await _api(request).endpoints.one(request.path["id"], shops_of(request)))


async def create_endpoint(request: PageRequest, body: EndpointIn) -> EndpointMade:
    """The answer holds the secret that signs what is sent; it is not shown again."""
    shops = shops_of(request)
    entry = EndpointEntry(
        url=body.url, name=body.name, events=tuple(body.events), is_active=body.is_active,
        shop_id=body.shop_id if body.shop_id or shops is None else str(request.viewer.shop_id),
        address_fault=request.prepared,
    )  # fmt: skip
    return _made(*await _api(request).endpoints.create(entry, shops))


async def change_endpoint(request: PageRequest, body: EndpointChange) -> EndpointOut:
    """Only what is given is changed."""
    shops, endpoints = shops_of(request), _api(request).endpoints
    old = await endpoints.one(request.path["id"], shops)
    entry = EndpointEntry(
        url=body.url if body.url is not None else old.url,
        name=body.name if body.name is not None else old.name,
        events=tuple(body.events) if body.events is not None else old.events,
        is_active=body.is_active if body.is_active is not None else old.is_active,
        shop_id=old.shop_id,
        address_fault=request.prepared,
    )
    return _out(await endpoints.change(old.id, body.rev, entry, shops))


async def delete_endpoint(request: PageRequest) -> None:
    """With its log; what waits is not sent."""
    await _api(request).endpoints.remove(request.path["id"], shops_of(request))


async def rotate_secret(request: PageRequest) -> EndpointMade:
    """A new secret; for a day the one before signs too, so that nothing is lost while you change it."""
    return _made(*await _api(request).endpoints.rotate(request.path["id"], shops_of(request)))


async def test_endpoint(request: PageRequest) -> DeliveryOut:
    """Send `webhook.test` at once, once; look at the delivery for how it went."""
    endpoint = await _api(request).endpoints.one(request.path["id"], shops_of(request))
    shop = endpoint.shop_id or str(request.viewer.shop_id)
    return DeliveryOut.model_validate(await _api(request).log.test(endpoint.id, shop))


async def list_deliveries(request: PageRequest, query: DeliveryQuery) -> DeliveryPageOut:
    """Newest first."""
    endpoint = await _api(request).endpoints.one(request.path["id"], shops_of(request))
    found = await _api(request).log.page(
        endpoint.id, state=query.state, before=query.cursor, limit=query.limit + 1
    )
    items = [DeliveryOut.model_validate(one) for one in found[: query.limit]]
    return DeliveryPageOut(items=items, next=items[-1].id if len(found) > query.limit else None)


async def get_delivery(request: PageRequest) -> DeliveryWhole:
    """With what was sent and every try."""
    endpoint = await _api(request).endpoints.one(request.path["id"], shops_of(request))
    delivery, tries = await _api(request).log.one(endpoint.id, request.path["delivery_id"])
    made = DeliveryOut.model_validate(delivery).model_dump()
    return DeliveryWhole(**made, body=delivery.body, tries=[AttemptOut.model_validate(one) for one in tries])


async def resend_delivery(request: PageRequest) -> DeliveryOut:
    """Send it anew, with the same `webhook-id`."""
    endpoint = await _api(request).endpoints.one(request.path["id"], shops_of(request))
    again = await _api(request).log.resend(endpoint.id, request.path["delivery_id"])
    return DeliveryOut.model_validate(again)


async def resend_range(request: PageRequest, body: RangeIn) -> Queued:
    """Send anew what was given up (or was missed) in a stretch of time; at most 10,000 at once."""
    _in_order(body.since, body.until)
    endpoint = await _api(request).endpoints.one(request.path["id"], shops_of(request))
    count = await _api(request).log.resend_range(
        endpoint.id, body.since, body.until, states=body.states, missed=body.missed
    )
    return Queued(queued=count)


def _in_order(since: datetime, until: datetime) -> None:
    if since >= until or since.year < 2000 or until.year > 2200:
        text = "`from` must come before `to`."
        raise Invalid("webhooks.range", "Some fields need a look.", fields={"to": text})


def _api(request: PageRequest) -> WebhooksApi:
    return request.apis.of(WebhooksApi)


def _out(view: EndpointView) -> EndpointOut:
    return EndpointOut.model_validate(view)


def _made(view: EndpointView, secret: str) -> EndpointMade:
    return EndpointMade(**EndpointOut.model_validate(view).model_dump(), secret=secret)


_ONE = "/webhooks/{id}"
_DELIVERY = "/webhooks/{id}/deliveries/{delivery_id}"
operations = (
    ApiOperation(
        method="GET", path="/webhooks", handler=list_endpoints, right=MANAGE, name="webhooks.list_endpoints",
        summary="List the endpoints", query=ListQuery, result=EndpointPageOut,
    ),
    ApiOperation(
        method="POST", path="/webhooks", handler=create_endpoint, right=MANAGE, status=201,
        name="webhooks.create_endpoint", summary="Add an endpoint", body=EndpointIn, result=EndpointMade,
        before=ask_address,
    ),
    ApiOperation(
        method="GET", path=_ONE, handler=get_endpoint, right=MANAGE, name="webhooks.get_endpoint",
        summary="One endpoint", result=EndpointOut,
    ),
    ApiOperation(
        method="PATCH", path=_ONE, handler=change_endpoint, right=MANAGE, name="webhooks.change_endpoint",
        summary="Change an endpoint", body=EndpointChange, result=EndpointOut, before=ask_address,
    ),
    ApiOperation(
        method="DELETE", path=_ONE, handler=delete_endpoint, right=MANAGE, name="webhooks.delete_endpoint",
        summary="Delete an endpoint", status=204,
    ),
    ApiOperation(
        method="POST", path=_ONE + "/secret", handler=rotate_secret, right=MANAGE,
        name="webhooks.rotate_secret", summary="Make a new secret", result=EndpointMade,
    ),
    ApiOperation(
        method="POST", path=_ONE + "/test", handler=test_endpoint, right=MANAGE, status=202,
        name="webhooks.test_endpoint", summary="Send a test", result=DeliveryOut,
    ),
    ApiOperation(
        method="GET", path=_ONE + "/deliveries", handler=list_deliveries, right=MANAGE,
        name="webhooks.list_deliveries", summary="What an endpoint was told", query=DeliveryQuery,
        result=DeliveryPageOut,
    ),
    ApiOperation(
        method="GET", path=_DELIVERY, handler=get_delivery, right=MANAGE, name="webhooks.get_delivery",
        summary="One delivery", result=DeliveryWhole,
    ),
    ApiOperation(
        method="POST", path=_DELIVERY + "/resend", handler=resend_delivery, right=MANAGE, status=202,
        name="webhooks.resend_delivery", summary="Send a delivery anew", result=DeliveryOut,
    ),
    ApiOperation(
        method="POST", path=_ONE + "/resend", handler=resend_range, right=MANAGE, status=202,
        name="webhooks.resend_range", summary="Send a stretch of time anew", body=RangeIn, result=Queued,
    ),
)  # fmt: skip
