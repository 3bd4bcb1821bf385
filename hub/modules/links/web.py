"""The page behind a client's link. Thin: find the link, let its kind show or act."""

from __future__ import annotations

from aiohttp import web

from hub.errors import NotFound
from hub.kernel.client_links import ClientLink, OpenedLink
from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.links.api import LinksApi
from hub.values import ShopId

PATH = "/c/{token}"


async def show(request: PageRequest) -> web.StreamResponse:
    """Public: whoever has the link was sent it. Looking changes nothing."""
    try:
        link, kind = await _open(request)
    except NotFound:
        return request.page("links/gone.html", status=404)
    return await _page(request, link, await kind.show(request, link))


async def act(request: PageRequest) -> web.StreamResponse:
    """Public, as above: what the form asks for is done, and shown."""
    try:
        link, kind = await _open(request)
    except NotFound:
        return request.page("links/gone.html", status=404)
    links = request.apis.of(LinksApi).links
    said = request.t("This was done already.")
    if await links.used(link, is_once=kind.is_once):
        said = await kind.act(request, link)
    if request.form.get("List-Unsubscribe") == "One-Click":  # RFC 8058: a mail program follows no redirect
        return web.Response(text=said)
    return request.redirect(f"/c/{request.path['token']}", notice=said)


async def _open(request: PageRequest) -> tuple[OpenedLink, ClientLink]:
    link, kind, language = await request.apis.of(LinksApi).links.open(request.path["token"])
    if language:
        request.speak(language)
    return link, kind


async def _page(request: PageRequest, link: OpenedLink, body: str) -> web.StreamResponse:
    names = await request.apis.of(AccessApi).shops.names()
    return request.page("links/page.html", shop=names.get(ShopId(link.shop_id), ""), body=body, link=link)


async def show_question(request: PageRequest, link: OpenedLink) -> str:
    """What is asked, and a button."""
    return request.html("links/confirm.html", link=link)


async def confirm(request: PageRequest, link: OpenedLink) -> str:
    """They said yes."""
    await request.apis.of(LinksApi).links.confirm(link)
    return request.t("Thank you, it is confirmed.")


CONFIRM = ClientLink(kind="confirm", show=show_question, act=confirm, is_once=True)
routes = (
    Route(method="GET", path=PATH, handler=show, right=PUBLIC, name="links.show", is_guessable=True),
    Route(method="POST", path=PATH, handler=act, right=PUBLIC, name="links.act", is_guessable=True),
)
