"""On what ground a shop records, shop by shop. Thin."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Invalid, NotFound
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.values import ShopId
from recordings.api import RecordingsApi
from recordings.rights import POLICY
from recordings.rules_basis import LONGEST_SCRIPT, Policy, Profile, profile_of
from recordings.scope import reach_of

PATH = "/settings/recording"


async def show(request: PageRequest) -> web.StreamResponse:
    """The policies."""
    return await _page(request)


async def save(request: PageRequest) -> web.StreamResponse:
    """Take one shop's in; what was typed stays when something of it is wrong."""
    form, shop = request.form, await _shop(request)
    minutes = form.get("pause_minutes", "")[:4].strip()
    given = form.get("profile", "")
    profile: Profile | None = "opt_in" if given == "opt_in" else "notice" if given == "notice" else None
    policy = Policy(
        profile=profile, erases_unannounced=form.get("erases_unannounced") == "1",
        pause_minutes=int(minutes) if minutes.isascii() and minutes.isdigit() else 0,
        script=" ".join(form.get("script", "")[: LONGEST_SCRIPT * 2].replace("\x00", "").split()),
    )  # fmt: skip
    basis = request.apis.of(RecordingsApi).basis
    try:
        await basis.save(shop, policy)
    except Invalid as error:
        return await _page(request, shop=shop, typed=policy, faults=error.fields)
    await basis.tell_the_line()
    return request.redirect(PATH, notice=request.t("Saved."))


async def _shop(request: PageRequest) -> ShopId:
    """Which shop a form speaks of: one of those that the right reaches."""
    if not request.form.get("shop"):
        raise Invalid("recordings.form", "The form came broken.", "Reload the page and try again.")
    shop, shops = ShopId(request.form.get("shop", "")[:40]), reach_of(request, POLICY).shops
    known = {one.id for one in await request.apis.of(AccessApi).list_shops()}
    if shop not in known or (shops is not None and shop not in shops):
        raise NotFound("recordings.no_shop", "There is no such shop.")
    return shop


async def _page(
    request: PageRequest, *, shop: ShopId | None = None, typed: Policy | None = None,
    faults: Mapping[str, str] | None = None,
) -> web.StreamResponse:  # fmt: skip
    basis, shops = request.apis.of(RecordingsApi).basis, reach_of(request, POLICY).shops
    mine = [one for one in await request.apis.of(AccessApi).list_shops() if shops is None or one.id in shops]
    known = await basis.policies()
    policies = {one.id: known.get(one.id, Policy()) for one in mine}
    if shop is not None and typed is not None:
        policies[shop] = typed
    return request.page(
        "recordings/policy.html", status=422 if faults else 200, shops=mine, policies=policies, shop=shop,
        faults=faults or {}, usual={one.id: profile_of(Policy(), basis.country(one.id)) for one in mine},
        countries={one.id: basis.country(one.id) for one in mine},
    )  # fmt: skip


routes = (
    Route(method="GET", path=PATH, handler=show, right=POLICY, name="recordings.policy"),
    Route(method="POST", path=PATH, handler=save, right=POLICY, name="recordings.save_policy"),
)
