"""The settings page of alerts, and the page on which one binds one's own account."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from aiohttp import web

from hub.errors import Conflict, NotSignedIn
from hub.kernel.web import SIGNED_IN, PageRequest, Route
from hub.modules.access.api import AccessApi, ShopView
from hub.modules.alerts.api import KINDS, AlertEntry, AlertsApi
from hub.modules.alerts.scope import SETTINGS, chosen, shops_in_reach
from hub.modules.bot.api import BotApi, StartLink

HOME, ACCOUNT = "/settings/alerts", "/account/telegram"
_SHOWN = 10


async def show(request: PageRequest) -> web.StreamResponse:
    """Which group, what it is told, who may press, what was told last."""
    return await _page(request, await chosen(request, request.query.get("shop", "")[:40]))


async def save(request: PageRequest) -> web.StreamResponse:
    """Of what the group is told."""
    shop = await _shop(request)
    kinds = [kind for kind in KINDS if request.form.get(f"kind-{kind}")]
    is_quiet = bool(request.form.get("is_quiet"))
    await request.apis.of(AlertsApi).groups.save(shop.id, kinds, is_quiet=is_quiet)
    return request.redirect(_address(shop), notice=request.t("Saved."))


async def make_code(request: PageRequest) -> web.StreamResponse:
    """A new code, shown now and never again."""
    shop = await _shop(request)
    return await _page(request, shop, code=await request.apis.of(AlertsApi).groups.make_code(shop.id))


async def unbind(request: PageRequest) -> web.StreamResponse:
    """The group is told nothing any more."""
    shop = await _shop(request)
    await request.apis.of(AlertsApi).groups.unbind(shop.id)
    return request.redirect(_address(shop), notice=request.t("The group is told nothing any more."))


async def test(request: PageRequest) -> web.StreamResponse:
    """An alert that means nothing, to see that they arrive. Raises Conflict without a group."""
    shop = await _shop(request)
    api = request.apis.of(AlertsApi)
    if not (await api.groups.read(shop.id)).is_bound:
        raise Conflict("alerts.no_group", "No group is bound yet.", "Make a code, and type it in the group.")
    cause = f"test:{secrets.token_hex(8)}"
    await api.tell(AlertEntry(kind="test", cause=cause, shop_id=shop.id))
    return request.redirect(_address(shop), notice=request.t("It stands in the group in a moment."))


async def show_account(request: PageRequest) -> web.StreamResponse:
    """Whether one's own account is bound, and how it is done."""
    return await _account(request, None)


async def make_link(request: PageRequest) -> web.StreamResponse:
    """One's own link, shown now and good once."""
    return await _account(request, await request.apis.of(AlertsApi).accounts.link(_own_id(request)))


async def unbind_account(request: PageRequest) -> web.StreamResponse:
    """Whoever presses by it is a stranger again."""
    await request.apis.of(AlertsApi).accounts.unbind(_own_id(request))
    return request.redirect(ACCOUNT, notice=request.t("Your Telegram is not bound any more."))


async def _page(request: PageRequest, shop: ShopView, *, code: str = "") -> web.StreamResponse:
    api, access = request.apis.of(AlertsApi), request.apis.of(AccessApi)
    bound = await api.accounts.all()
    people = [(one.name, one.id in bound) for one in await access.list_people([shop.id], only_active=True)]
    return request.page(
        "alerts/settings.html", shop=shop, shops=await shops_in_reach(request), code=code, kinds=KINDS,
        group=await api.groups.read(shop.id), bot=await request.apis.of(BotApi).name(), people=people,
        posts=(await api.posts.page([shop.id], limit=_SHOWN)).items,
    )  # fmt: skip


async def _account(request: PageRequest, link: StartLink | None) -> web.StreamResponse:
    account = await request.apis.of(AlertsApi).accounts.of(_own_id(request))
    bot = await request.apis.of(BotApi).name()
    return request.page("alerts/account.html", account=account, link=link, bot=bot)


async def _shop(request: PageRequest) -> ShopView:
    return await chosen(request, request.form.get("shop", "")[:40])


def _address(shop: ShopView) -> str:
    return f"{HOME}?{urlencode({'shop': shop.id})}"


def _own_id(request: PageRequest) -> str:
    """Raises NotSignedIn for programs."""
    if request.viewer.kind != "person":
        raise NotSignedIn("access.sign_in", "Please sign in.", "Only people have a log-in of their own.")
    return request.viewer.id


routes = (
    Route(method="GET", path=HOME, handler=show, right=SETTINGS, name="alerts.settings"),
    Route(method="POST", path=HOME, handler=save, right=SETTINGS, name="alerts.save_settings"),
    Route(method="POST", path=f"{HOME}/code", handler=make_code, right=SETTINGS, name="alerts.make_code"),
    Route(method="POST", path=f"{HOME}/unbind", handler=unbind, right=SETTINGS, name="alerts.unbind"),
    Route(method="POST", path=f"{HOME}/test", handler=test, right=SETTINGS, name="alerts.test"),
    Route(method="GET", path=ACCOUNT, handler=show_account, right=SIGNED_IN, name="alerts.account"),
    Route(method="POST", path=ACCOUNT, handler=make_link, right=SIGNED_IN, name="alerts.make_link"),
    Route(
        method="POST", path=f"{ACCOUNT}/unbind", handler=unbind_account, right=SIGNED_IN,
        name="alerts.unbind_account",
    ),
)  # fmt: skip
