"""The inbox's pages. Thin: parse, ask, render."""

from __future__ import annotations

import hashlib

from aiohttp import web

from hub.kernel.web import Badge, PageRequest, Route
from hub.modules.crm.api import ClientView, CrmApi, number_kind
from hub.modules.messaging.api import ConversationFilter, ConversationView, MessagingApi
from hub.modules.messaging.rows import inbox_page, thread_rows
from hub.modules.messaging.rules import LONGEST_TEXT
from hub.modules.messaging.rules_sms import dear_signs, sms_count, sms_price
from hub.modules.messaging.scope import SEND, VIEW, shops_of

_LONGEST_QUERY = 100
_HITS = 12


async def show(request: PageRequest) -> web.StreamResponse:
    """The list; its script asks for `state` from then on."""
    return request.page("messaging/index.html", page=await inbox_page(request, None))


async def thread(request: PageRequest) -> web.StreamResponse:
    """The list and one thread. One that became part of another leads there."""
    page = await inbox_page(request, request.path["id"])
    if page.open is not None and page.open.row.thread.id != request.path["id"]:
        return request.redirect(f"/inbox/{page.open.row.thread.id}")
    return request.page("messaging/index.html", page=page)


async def state(request: PageRequest) -> web.StreamResponse:
    """What changes of either page. 304 while nothing did."""
    page = await inbox_page(request, request.query.get("open") or None)
    html = request.html("messaging/state.html", page=page)
    tag = '"' + hashlib.sha256(html.encode()).hexdigest()[:24] + '"'
    headers = {"ETag": tag, "Cache-Control": "no-store", "Server-Time": request.deps.clock.now().isoformat()}
    if request.http.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(text=html, content_type="text/html", headers=headers)


async def search(request: PageRequest) -> web.StreamResponse:
    """Threads by whom they are with, messages by their words."""
    text = request.query.get("q", "")[:_LONGEST_QUERY].strip()
    api, shops, is_masked = request.apis.of(MessagingApi), shops_of(request), not request.viewer.sees_numbers
    found = await api.searching.messages(text, shops, _HITS, without_numbers=is_masked) if text else ()
    threads: list[ConversationView] = []
    others: dict[str, ClientView] = {}
    if text and request.viewer.can("clients.view"):
        for hit in await request.apis.of(CrmApi).search(text, _HITS, whole_numbers=is_masked):
            if hit.client is not None:
                where = ConversationFilter(shops=shops, client_id=hit.client.id)
                known = (await api.reading.conversations(where, cursor=None, limit=1)).items
                threads += known
                if not known and request.viewer.can(SEND):
                    others[hit.client.id] = hit.client
    rows = await thread_rows(request, list({one.id: one for one in threads}.values()))
    country = request.deps.places.of(request.viewer.shop_id).country
    is_number = not rows and not others and number_kind(text, country) == "public"
    return request.fragment(
        "messaging/results.html", text=text, found=found, rows=rows, others=tuple(others.values()),
        number=text if is_number and request.viewer.can(SEND) and api.channels.names() else "",
    )  # fmt: skip


async def count(request: PageRequest) -> web.StreamResponse:
    """How many parts a text makes by SMS, and what they cost."""
    text = request.query.get("text", "")[:LONGEST_TEXT]
    counted, dear = sms_count(text), dear_signs(text)
    shop = request.deps.settings.shop
    price = sms_price(counted.parts, request.deps.settings.messaging.sms_part_price)
    said = request.t("{left} left, parts: {parts}", left=counted.left, parts=counted.parts)
    if price is not None:
        said = f"{said}, {price} {shop.currency}"
    if dear:
        said = f"{said}. " + request.t("Without {signs} it would be cheaper.", signs=" ".join(dear))
    return web.json_response({"text": said, "parts": counted.parts})


async def badge(request: PageRequest) -> Badge:
    """How many threads have something unread, for every page."""
    waiting, since = await request.apis.of(MessagingApi).reading.waiting(shops_of(request))
    newest = since.isoformat() if since is not None else ""
    return Badge(count=waiting, text=request.t("Unread: {count}", count=waiting), newest=newest)


routes = (
    Route(method="GET", path="/inbox", handler=show, right=VIEW, name="messaging.show"),
    Route(method="GET", path="/inbox/state", handler=state, right=VIEW, name="messaging.state"),
    Route(method="GET", path="/inbox/search", handler=search, right=VIEW, name="messaging.search"),
    Route(method="GET", path="/inbox/count", handler=count, right=SEND, name="messaging.count"),
    Route(method="GET", path="/inbox/{id}", handler=thread, right=VIEW, name="messaging.thread"),
)
