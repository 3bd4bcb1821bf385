"""What people do with a mailing: hand it in, approve or decline it, try it, stop it."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.context import UnitOfWork
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.mailings.api import MailingsApi
from hub.modules.mailings.forms import ask_count, rev_of
from hub.modules.mailings.scope import APPROVE, EDIT, shops_of
from hub.modules.mailings.web import HOME
from hub.values import ShopId


async def count(request: PageRequest) -> web.StreamResponse:
    """Look again whom it would go to."""
    api = request.apis.of(MailingsApi)
    mailing = await api.reading.one(request.path["id"], shops_of(request, EDIT))
    await ask_count(request, mailing)
    return _back(request)


async def submit(request: PageRequest) -> web.StreamResponse:
    """It waits for a second person."""
    flow = request.apis.of(MailingsApi).flow
    await flow.submit(request.path["id"], rev_of(request.form), shops_of(request, EDIT))
    return _back(request, request.t("It waits for somebody who approves it."))


async def approve(request: PageRequest) -> web.StreamResponse:
    """Somebody who has not written it lets it go."""
    viewer, flow = request.viewer, request.apis.of(MailingsApi).flow
    await flow.approve(
        request.path["id"], rev_of(request.form), shops_of(request, APPROVE), by=viewer.actor,
        name=viewer.name, is_alone=False,
    )  # fmt: skip
    return _back(request, request.t("Approved."))


async def shop_of(request: PageRequest, uow: UnitOfWork) -> ShopId:
    """The mailing's: there the second person must hold the right. Raises NotFound."""
    reading = MailingsApi(uow, request.deps).reading
    return ShopId((await reading.row(request.path["id"], shops_of(request, APPROVE))).shop_id)


async def sign(request: PageRequest) -> web.StreamResponse:
    """An author's browser, a second person's password; where nobody else could, the author's own."""
    access = request.apis.of(AccessApi)
    by = request.second
    person = await access.person((by or "").removeprefix("person:"))
    await request.apis.of(MailingsApi).flow.approve(
        request.path["id"], rev_of(request.form), shops_of(request, APPROVE), by=by, name=person.name,
        is_alone=by == request.viewer.actor,
    )  # fmt: skip
    return _back(request, request.t("Approved."))


async def decline(request: PageRequest) -> web.StreamResponse:
    """Back to whoever wrote it."""
    flow = request.apis.of(MailingsApi).flow
    await flow.decline(request.path["id"], shops_of(request, APPROVE), request.form.get("why", ""))
    return _back(request, request.t("It went back to its author."))


async def take_back(request: PageRequest) -> web.StreamResponse:
    """A draft again."""
    flow = request.apis.of(MailingsApi).flow
    await flow.take_back(request.path["id"], shops_of(request, EDIT))
    return _back(request)


async def stop(request: PageRequest) -> web.StreamResponse:
    """Nothing more leaves."""
    flow = request.apis.of(MailingsApi).flow
    await flow.stop(request.path["id"], shops_of(request, EDIT), request.viewer.name)
    return _back(request, request.t("Stopped. Nothing more leaves."))


async def test(request: PageRequest) -> web.StreamResponse:
    """To the own mobile."""
    api, viewer = request.apis.of(MailingsApi), request.viewer
    mailing = await api.reading.one(request.path["id"], shops_of(request, EDIT))
    cause = f"mailing-test:{mailing.id}:{mailing.rev}:{viewer.id}"
    await api.previews.test(mailing, viewer.mobile, viewer.name, cause)
    return _back(request, request.t("A test is on its way to your mobile."))


async def remove(request: PageRequest) -> web.StreamResponse:
    """Away with a draft."""
    await request.apis.of(MailingsApi).drafts.remove(request.path["id"], shops_of(request, EDIT))
    return request.redirect(HOME, notice=request.t("The draft is gone."))


def _back(request: PageRequest, notice: str = "") -> web.Response:
    return request.redirect(f"{HOME}/{request.path['id']}", notice=notice)


routes = (
    Route(method="POST", path=f"{HOME}/{{id}}/count", handler=count, right=EDIT, name="mailings.count"),
    Route(method="POST", path=f"{HOME}/{{id}}/submit", handler=submit, right=EDIT, name="mailings.submit"),
    Route(
        method="POST", path=f"{HOME}/{{id}}/approve", handler=approve, right=APPROVE, name="mailings.approve"
    ),
    Route(
        method="POST", path=f"{HOME}/{{id}}/sign", handler=sign, right=APPROVE, name="mailings.sign",
        second=APPROVE, second_shop=shop_of,
    ),
    Route(
        method="POST", path=f"{HOME}/{{id}}/decline", handler=decline, right=APPROVE, name="mailings.decline"
    ),
    Route(
        method="POST", path=f"{HOME}/{{id}}/take-back", handler=take_back, right=EDIT,
        name="mailings.take_back",
    ),
    Route(method="POST", path=f"{HOME}/{{id}}/stop", handler=stop, right=EDIT, name="mailings.stop"),
    Route(method="POST", path=f"{HOME}/{{id}}/test", handler=test, right=EDIT, name="mailings.test"),
    Route(method="POST", path=f"{HOME}/{{id}}/remove", handler=remove, right=EDIT, name="mailings.remove"),
)  # fmt: skip
