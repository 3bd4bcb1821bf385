"""Templates: filled in for a thread, sent by a key during a call, written on their settings page."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi, ShopView, map_fault, map_link, point_in, show_point
from hub.modules.calls.api import CallsApi
from hub.modules.messaging.api import (
    MessageEntry,
    MessagingApi,
    PlaceView,
    TemplateEntry,
    TemplateView,
    fill,
    point_of,
)
from hub.modules.messaging.channels import in_words
from hub.modules.messaging.filling import values_of, with_agreement
from hub.modules.messaging.prepared import cause_of, where_they_write
from hub.modules.messaging.rules_templates import AGREE, VARIABLES, filled, variables_in
from hub.modules.messaging.scope import SEND, SETTINGS, author_of, shops_of
from hub.modules.tasks.api import TaskEntry, TasksApi
from hub.values import ShopId

PAGE = "/settings/messages"
_FIELDS = ("id", "rev", "title", "text", "place", "point", "has_pin")


async def fill_in(request: PageRequest) -> web.StreamResponse:
    """A template as it reads in this thread; what is not known stays in braces."""
    api = request.apis.of(MessagingApi)
    thread = await api.reading.conversation(request.path["id"], shops_of(request, SEND))
    template = await api.templates.one(request.path["template"])
    shop = await request.apis.of(AccessApi).shop(ShopId(thread.shop_id))
    values = await values_of(request, thread.client_id, shop)
    values["agree"] = AGREE  # stays, until it is sent
    text, missing = filled(template.text, values)
    point = point_of(template, shop)
    if point is not None:
        text = f"{text}\n{map_link(point.latitude, point.longitude)}"
    return web.json_response({"text": request.seen(text), "missing": list(missing)})


async def answer(request: PageRequest) -> web.StreamResponse:
    """Send a prepared answer to whoever is on the line, by the best channel; once a call. One that failed is
    written anew, to whoever that is now. One that promises to ring back makes the call-back too."""
    api, calls = request.apis.of(MessagingApi), request.apis.of(CallsApi)
    reach = request.viewer.reaching("calls.view")
    is_all = request.viewer.rights.get("calls.view") == "all"
    call = await calls.call(request.path["call"], shops=None if is_all else reach.shop_ids)
    template = await api.templates.one(request.path["template"])
    shop = await request.apis.of(AccessApi).shop(call.shop_id)
    values = await values_of(request, call.client_id, shop, line=call.line)
    is_known = call.client_id is not None
    made = await with_agreement(
        request, template.text, call.client_id, "" if is_known else "sms", call.other_number
    )
    point = point_of(template, shop)
    thread_id, channel, address = (None, None, None) if is_known else await where_they_write(request, call)
    entry = MessageEntry(
        text=fill(template, values | made), agree_url=made.get("agree", ""), priority="dialogue",
        author=author_of(request), place=point, cause=cause_of(template.id, call.id),
        client_id=call.client_id, conversation_id=thread_id, channel=channel, address=address,
    )  # fmt: skip
    message = await api.queue_anew(entry, None)
    if "{time}" in template.text and request.viewer.can("tasks.do") and call.other_number is not None:
        tasks = request.apis.of(TasksApi)
        due = (await tasks.moments(call.shop_id)).get("hour")
        promise = TaskEntry(shop_id=call.shop_id, kind="callback", number=call.other_number, due_at=due)
        await tasks.remind(promise, frozenset({call.shop_id}))
    notice = request.t(
        "“{title}” is on its way by {channel}.", title=template.title, channel=in_words(message.channel)
    )
    return request.redirect("/desk", notice=notice)


async def show(request: PageRequest) -> web.StreamResponse:
    """The texts, and a form for one of them."""
    return await _page(request)


async def _page(
    request: PageRequest, *, entered: dict[str, str] | None = None, faults: Invalid | None = None
) -> web.StreamResponse:
    templates = await request.apis.of(MessagingApi).templates.all()
    shop = await request.apis.of(AccessApi).shop(request.viewer.shop_id)
    chosen = next((one for one in templates if one.id == request.query.get("edit")), None)
    return request.page(
        "messaging/settings.html", templates=templates, entry=entered or _entered(chosen),
        variables=VARIABLES, faults=faults.fields if faults is not None else {}, shop=shop,
        unsaid=_unsaid(templates, shop),
        status=422 if faults is not None else 200,
    )  # fmt: skip


def _unsaid(templates: Sequence[TemplateView], shop: ShopView) -> tuple[str, ...]:
    """What texts say of the shop and nobody has written down yet."""
    said = {"address": shop.address, "requisites": shop.requisites}
    used = {name for one in templates for name in variables_in(one.text)}
    return tuple(name for name, text in said.items() if name in used and not text)


def _entered(chosen: TemplateView | None) -> dict[str, str]:
    """As the form shows it."""
    if chosen is None:
        return dict.fromkeys(_FIELDS, "")
    point = show_point(chosen.point.latitude, chosen.point.longitude) if chosen.point is not None else ""
    return {
        "id": chosen.id, "rev": str(chosen.rev), "title": chosen.title, "text": chosen.text, "point": point,
        "place": str(chosen.place or ""), "has_pin": "1" if chosen.has_pin else "",
    }  # fmt: skip


async def save(request: PageRequest) -> web.StreamResponse:
    """A new text, or another wording."""
    form = request.form
    point = form.get("point", "").strip()
    found = point_in(point)
    place = form.get("place", "").strip()
    entry = TemplateEntry(
        title=form.get("title", ""), text=form.get("text", ""),
        place=int(place) if place.isascii() and place.isdigit() and len(place) < 3 else None,
        point=PlaceView(latitude=found[0], longitude=found[1]) if found is not None else None,
        has_pin=form.get("has_pin", "") == "1",
    )  # fmt: skip
    try:
        if point and found is None:
            fields = {"point": map_fault(point)}
            raise Invalid("messaging.template", "Something is missing or wrong.", fields=fields)
        rev = form.get("rev", "")
        await request.apis.of(MessagingApi).templates.save(
            entry, form.get("id", "") or None, int(rev) if rev.isascii() and rev.isdigit() else None
        )
    except Invalid as faults:
        return await _page(request, entered={one: str(form.get(one, "")) for one in _FIELDS}, faults=faults)
    return request.redirect(PAGE, notice=request.t("Saved."))


async def remove(request: PageRequest) -> web.StreamResponse:
    """Take one away; messages that were sent stay as they are."""
    await request.apis.of(MessagingApi).templates.remove(request.path["template"])
    return request.redirect(PAGE)


async def examples(request: PageRequest) -> web.StreamResponse:
    """Texts to begin with, in the viewer's language, to be looked through and changed."""
    templates = request.apis.of(MessagingApi).templates
    if not await templates.all():
        for place, (title, text) in enumerate(_examples(request), 1):
            has_pin = "{address}" in text
            await templates.save(TemplateEntry(title=title, text=text, place=place, has_pin=has_pin))
    return request.redirect(PAGE)


def _examples(request: PageRequest) -> tuple[tuple[str, str], ...]:
    """One that asks for a consent only where its link leads somewhere."""
    asks = request.t("May we write to you about offers? Yes:") + " {agree} {shop}"
    is_public = bool(request.deps.settings.server.public_url)
    return (
        (request.t("Address"), request.t("Our address:") + " {address}. {shop}"),
        (request.t("Hours"), request.t("We are open:") + " {hours}. {shop}"),
        (request.t("We ring back"), request.t("We ring you back at") + " {time}. {shop}"),
        (request.t("Our number"), request.t("Our number:") + " {phone}. {shop}"),
        (request.t("Requisites"), request.t("For a transfer:") + "\n{requisites}"),
        *(((request.t("May we write?"), asks),) if is_public else ()),
    )


routes = (
    Route(
        method="GET", path="/inbox/{id}/fill/{template}", handler=fill_in, right=SEND, name="messaging.fill"
    ),
    Route(
        method="POST", path="/calls/{call}/answers/{template}", handler=answer, right=SEND,
        name="messaging.answer",
    ),
    Route(method="GET", path=PAGE, handler=show, right=SETTINGS, name="messaging.templates"),
    Route(method="POST", path=PAGE, handler=save, right=SETTINGS, name="messaging.save_template"),
    Route(
        method="POST", path=PAGE + "/examples", handler=examples, right=SETTINGS, name="messaging.examples"
    ),
    Route(
        method="POST", path=PAGE + "/{template}/remove", handler=remove, right=SETTINGS,
        name="messaging.remove_template",
    ),
)  # fmt: skip
