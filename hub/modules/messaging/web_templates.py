"""Templates: filled in for a thread, sent by a key during a call, written on their settings page."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi, map_fault, map_link, point_in, show_point
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.crm.api import number_key
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
from hub.modules.messaging.rules_templates import AGREE, VARIABLES, filled
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
    values = await values_of(request, thread.client_id, ShopId(thread.shop_id))
    values["agree"] = AGREE  # stays, until it is sent
    text, missing = filled(template.text, values)
    shop = await request.apis.of(AccessApi).shop(ShopId(thread.shop_id))
    point = point_of(template, shop)
    if point is not None:
        text = f"{text}\n{map_link(point.latitude, point.longitude)}"
    return web.json_response({"text": request.seen(text), "missing": list(missing)})


async def answer(request: PageRequest) -> web.StreamResponse:
    """Send a prepared answer to whoever is on the line, by the best channel; once a call. One that promises
    to ring back makes the call-back too."""
    api, calls = request.apis.of(MessagingApi), request.apis.of(CallsApi)
    reach = request.viewer.reaching("calls.view")
    is_all = request.viewer.rights.get("calls.view") == "all"
    call = await calls.call(request.path["call"], shops=None if is_all else reach.shop_ids)
    template = await api.templates.one(request.path["template"])
    values = await values_of(request, call.client_id, call.shop_id, line=call.line)
    is_known = call.client_id is not None
    made = await with_agreement(
        request, template.text, call.client_id, "" if is_known else "sms", call.other_number
    )
    point = point_of(template, await request.apis.of(AccessApi).shop(call.shop_id))
    thread_id, channel, address = (None, None, None) if is_known else await _where_they_write(request, call)
    entry = MessageEntry(
        text=fill(template, values | made), agree_url=made.get("agree", ""), priority="dialogue",
        author=author_of(request), place=point, cause=f"prepared:{template.id}:{call.id}"[:200],
        client_id=call.client_id, conversation_id=thread_id, channel=channel, address=address,
    )  # fmt: skip
    message = await api.queue_message(entry, None)
    if "{time}" in template.text and request.viewer.can("tasks.do") and call.other_number is not None:
        tasks = request.apis.of(TasksApi)
        due = (await tasks.moments(call.shop_id)).get("hour")
        promise = TaskEntry(shop_id=call.shop_id, kind="callback", number=call.other_number, due_at=due)
        await tasks.remind(promise, frozenset({call.shop_id}))
    notice = request.t(
        "“{title}” is on its way by {channel}.", title=template.title, channel=in_words(message.channel)
    )
    return request.redirect("/desk", notice=notice)


async def _where_they_write(
    request: PageRequest, call: CallView
) -> tuple[str | None, str | None, str | None]:
    """Thread, channel and address of a caller who is not known: the thread that their number has, with
    whatever they write by; else the number itself."""
    api, number = request.apis.of(MessagingApi), call.other_number or ""
    key = number_key(number, request.deps.places.of(call.shop_id).country) if number else None
    thread = await api.reading.of_subject(None, key) if key is not None else None
    shops = shops_of(request, SEND)
    is_theirs = thread is not None and thread.client_id is None and bool(thread.addresses)
    if thread is not None and is_theirs and (shops is None or thread.shop_id in shops):
        return thread.id, None, None
    return None, api.channels.first(("sms", "viber")) or "sms", number


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
        status=422 if faults is not None else 200,
    )  # fmt: skip


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
        # Without a key: nothing of it may leave by one press before somebody has written the account into it.
        words = request.t("For a transfer (write your account and code here):") + " {shop}"
        await templates.save(TemplateEntry(title=request.t("Requisites"), text=words))
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
