"""Prepared answers of a call: whom one goes to and by what, its text at this moment, what it costs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.kernel.web import CardSubject, PageRequest
from hub.modules.access.api import AccessApi, ShopView, map_link
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.crm.api import number_key
from hub.modules.messaging.api import MessagingApi, TemplateView, WayView, point_of
from hub.modules.messaging.filling import values_of
from hub.modules.messaging.rules_sms import sms_count, sms_price
from hub.modules.messaging.rules_templates import filled, variables_in
from hub.modules.messaging.scope import SEND, shops_of

_LINK_LETTERS = len("/c/") + 22
"""Of a client's link, behind the public address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAnswer:
    """One of the card's keys. `parts` of an SMS and their `price` (`1.60 UAH`), where it goes by one;
    `is_at_most`: it does only where it does not arrive otherwise. `missing`: variables that are empty, so
    that it would be refused."""

    id: str
    title: str
    key: int
    is_sent: bool = False
    parts: int = 0
    price: str = ""
    is_at_most: bool = False
    missing: tuple[str, ...] = ()


def cause_of(template_id: str, call_id: str) -> str:
    """What the answer is sent for: once a call."""
    return f"prepared:{template_id}:{call_id}"[:200]


async def answers_of(request: PageRequest, subject: CardSubject) -> tuple[PreparedAnswer, ...]:
    """By their keys; none where nothing could be sent."""
    api, call_id = request.apis.of(MessagingApi), subject.call_id
    if call_id is None or not api.channels.names():
        return ()
    templates = await api.templates.prepared()
    if not templates:
        return ()
    call = await request.apis.of(CallsApi).call(call_id)
    sent = await api.reading.causes([cause_of(one.id, call.id) for one in templates], failed=False)
    shop = await request.apis.of(AccessApi).shop(call.shop_id)
    wanted = {name for one in templates for name in variables_in(one.text)}
    values = await values_of(request, call.client_id, shop, line=call.line, wanted=wanted)
    values["agree"] = "x" * (len(request.deps.settings.server.public_url) + _LINK_LETTERS)
    ways = await _ways(request, call)
    texts = {one.id: filled(one.text, values) for one in templates}
    return tuple(
        _answer(request, one, texts[one.id], shop, ways, is_sent=cause_of(one.id, call.id) in sent)
        for one in templates
    )


def _answer(
    request: PageRequest, template: TemplateView, text: tuple[str, Collection[str]], shop: ShopView,
    ways: Sequence[WayView], *, is_sent: bool,
) -> PreparedAnswer:  # fmt: skip
    said, missing = text
    parts, price, way = 0, None, next(iter(ways), None)
    if way is not None and "sms" in (way.channel, way.falls_to) and not missing and not is_sent:
        point = point_of(template, shop)
        if point is not None:
            said = f"{said}\n{map_link(point.latitude, point.longitude)}"
        parts = sms_count(said).parts
        price = sms_price(parts, request.deps.settings.messaging.sms_part_price)
    return PreparedAnswer(
        id=template.id, title=template.title, key=template.place or 0, is_sent=is_sent, parts=parts,
        price=f"{price} {request.deps.settings.shop.currency}" if price is not None else "",
        is_at_most=way is not None and way.channel != "sms", missing=() if is_sent else tuple(missing),
    )  # fmt: skip


async def _ways(request: PageRequest, call: CallView) -> tuple[WayView, ...]:
    """How they would be written to, the best first; a caller who is not known by their number."""
    api = request.apis.of(MessagingApi)
    if call.client_id is not None:
        return await api.ways(call.client_id)
    thread_id, channel, number = await where_they_write(request, call)
    if thread_id is not None:
        return await api.ways(None, thread_id)
    found = api.channels.of(channel or "")
    if found is None or not number:
        return ()
    return (
        WayView(
            channel=found.name, address=number, can_media=False, longest=found.longest,
            falls_to=found.falls_to,
        ),
    )  # fmt: skip


async def where_they_write(request: PageRequest, call: CallView) -> tuple[str | None, str | None, str | None]:
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
