"""The pages of endpoints: who is told, by which address, of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from hub.errors import Conflict, HubError, Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.webhooks.api import EndpointEntry, EndpointView, WebhooksApi
from hub.modules.webhooks.scope import MANAGE, address_fault, shops_of
from hub.modules.webhooks.titles import choices

HOME = "/settings/webhooks"


async def show(request: PageRequest) -> web.StreamResponse:
    """Every endpoint of the viewer's shops."""
    endpoints = await request.apis.of(WebhooksApi).endpoints.page(shops_of(request))
    return request.page("webhooks/list.html", endpoints=endpoints)


async def new(request: PageRequest) -> web.StreamResponse:
    """An empty form."""
    return await _form(request, None, {"events": {"*"}, "is_active": True}, {})


async def add(request: PageRequest) -> web.StreamResponse:
    """Take the form in; the answer is the only place where the secret stands."""
    entry = _entry(request)
    try:
        made, secret = await request.apis.of(WebhooksApi).endpoints.create(entry, shops_of(request))
    except (Invalid, Conflict) as error:
        return await _form(request, None, _typed(entry), _faults(error))
    return request.page("webhooks/secret.html", endpoint=made, secret=secret, is_new=True)


async def edit(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    endpoint = await _endpoint(request)
    values = {
        "name": endpoint.name, "url": endpoint.url, "events": set(endpoint.events),
        "shop_id": endpoint.shop_id or "", "is_active": endpoint.is_active,
    }  # fmt: skip
    return await _form(request, endpoint, values, {})


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    endpoint, entry = await _endpoint(request), _entry(request)
    rev = request.form.get("rev", "")
    known = int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else None
    try:
        await request.apis.of(WebhooksApi).endpoints.change(endpoint.id, known, entry, shops_of(request))
    except (Invalid, Conflict) as error:
        return await _form(request, endpoint, _typed(entry), _faults(error))
    return request.redirect(f"{HOME}/{endpoint.id}", notice=request.t("Saved."))


async def rotate(request: PageRequest) -> web.StreamResponse:
    """A new secret, shown once."""
    endpoint = await _endpoint(request)
    made, secret = await request.apis.of(WebhooksApi).endpoints.rotate(endpoint.id, shops_of(request))
    return request.page("webhooks/secret.html", endpoint=made, secret=secret, is_new=False)


async def remove(request: PageRequest) -> web.StreamResponse:
    """The endpoint and its log are gone."""
    endpoint = await _endpoint(request)
    await request.apis.of(WebhooksApi).endpoints.remove(endpoint.id, shops_of(request))
    return request.redirect(HOME, notice=request.t("Deleted."))


async def ask_address(request: PageRequest) -> str | None:
    """Outside of the unit of work, since it asks the DNS."""
    return await address_fault(request, request.form.get("url", "")[:2001])


async def _endpoint(request: PageRequest) -> EndpointView:
    return await request.apis.of(WebhooksApi).endpoints.one(request.path["id"], shops_of(request))


def _entry(request: PageRequest) -> EndpointEntry:
    form, shops = request.form, shops_of(request)
    shop_id = form.get("shop_id", "") or (None if shops is None else str(request.viewer.shop_id))
    return EndpointEntry(
        url=form.get("url", "")[:2001], name=form.get("name", ""), shop_id=shop_id,
        events=tuple(form.getall("event", [])[:200]), is_active=form.get("is_active") == "1",
        address_fault=request.prepared,
    )  # fmt: skip


def _typed(entry: EndpointEntry) -> dict[str, Any]:
    return {
        "name": entry.name, "url": entry.url, "events": set(entry.events), "shop_id": entry.shop_id or "",
        "is_active": entry.is_active,
    }  # fmt: skip


def _faults(error: HubError) -> dict[str, str]:
    return dict(error.fields) if isinstance(error, Invalid) else {"form": error.text}


async def _form(
    request: PageRequest, endpoint: EndpointView | None, typed: Mapping[str, Any], faults: Mapping[str, str]
) -> web.StreamResponse:
    reach = shops_of(request)
    shops = [one for one in await request.apis.of(AccessApi).list_shops() if reach is None or one.id in reach]
    return request.page(
        "webhooks/form.html", status=422 if faults else 200, endpoint=endpoint, typed=typed, faults=faults,
        shops=shops, may_all=reach is None, areas=choices(request),
    )  # fmt: skip


routes = (
    Route(method="GET", path=HOME, handler=show, right=MANAGE, name="webhooks.list"),
    Route(method="GET", path=f"{HOME}/new", handler=new, right=MANAGE, name="webhooks.new"),
    Route(
        method="POST", path=f"{HOME}/new", handler=add, right=MANAGE, name="webhooks.add", before=ask_address
    ),
    Route(method="GET", path=f"{HOME}/{{id}}/edit", handler=edit, right=MANAGE, name="webhooks.edit"),
    Route(
        method="POST", path=f"{HOME}/{{id}}/edit", handler=change, right=MANAGE, name="webhooks.change",
        before=ask_address,
    ),
    Route(method="POST", path=f"{HOME}/{{id}}/secret", handler=rotate, right=MANAGE, name="webhooks.rotate"),
    Route(method="POST", path=f"{HOME}/{{id}}/delete", handler=remove, right=MANAGE, name="webhooks.remove"),
)  # fmt: skip
