"""A person's own second factor: set up with an authenticator app, recovery codes, switched off."""

from __future__ import annotations

import asyncio

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import SIGNED_IN
from hub.modules.access.api import (
    AccessApi,
    enrolment_address,
    hash_password,
    new_recovery_codes,
    picture_of,
)
from webui.pages.account import own_id, password_is_right
from webui.pipeline import FreeRoute
from webui.request import Request

PASSWORD_WRONG = {"password": "This is not your present password."}


async def show(request: Request) -> web.StreamResponse:
    """What there is, and the next step."""
    return await _page(request, {})


async def begin(request: Request) -> web.StreamResponse:
    """A new secret for the app; it counts once a code of it was typed. The password is asked, so that
    nobody binds a phone of his own to a browser that was left open."""
    if not await password_is_right(request, "password"):
        return await _page(request, PASSWORD_WRONG)
    async with request.writing() as uow:
        await AccessApi(uow, request.deps).factors.prepare(own_id(request))
        request.audit(uow, "access.factor_begin")
    return request.redirect("/account/second-factor")


async def picture(request: Request) -> web.StreamResponse:
    """The QR code of a secret that waits to be confirmed; afterwards it is shown to nobody."""
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.person(own_id(request))
        seed = (await access.factors.of(person.id)).seed
        shop = await access.shop(person.shop_id)
    if not seed:
        raise Conflict("access.factor_gone", "There is nothing to confirm.", "Begin anew.")
    body = picture_of(enrolment_address(seed, person.login or person.name, f"Pitline {shop.name}"))
    return web.Response(body=body, content_type="image/svg+xml")


async def confirm(request: Request) -> web.StreamResponse:
    """The first code of the app; the answer is the only place where the recovery codes ever stand."""
    person_id = own_id(request)
    codes, hashes = await _new_codes()
    try:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            await access.factors.confirm(person_id, request.form.get("code", ""), hashes)
            await access.sessions.end_others(person_id, request.viewer.session_id)
            request.audit(uow, "access.factor_on")
    except Invalid as error:
        return await _page(request, dict(error.fields))
    return request.page("access/recovery_codes.html", codes=codes, is_new=True)


async def renew_codes(request: Request) -> web.StreamResponse:
    """Ten new recovery codes; the old ones open nothing any more."""
    person_id = own_id(request)
    if not await password_is_right(request, "password"):
        return await _page(request, PASSWORD_WRONG)
    codes, hashes = await _new_codes()
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        if not (await access.factors.of(person_id)).is_on:
            raise Conflict("access.factor_gone", "There is no second factor.", "Set one up first.")
        await access.factors.set_recovery(person_id, hashes)
        request.audit(uow, "access.recovery_codes")
    return request.page("access/recovery_codes.html", codes=codes, is_new=False)


async def switch_off(request: Request) -> web.StreamResponse:
    """With the password; every other browser is signed out."""
    person_id = own_id(request)
    if not await password_is_right(request, "password"):
        return await _page(request, PASSWORD_WRONG)
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        if await access.factors.remove(person_id):
            request.audit(uow, "access.factor_off")
        await access.sessions.end_others(person_id, request.viewer.session_id)
    return request.redirect("/account/second-factor", notice=request.t("The second factor is off."))


async def _new_codes() -> tuple[list[str], list[str]]:
    codes = new_recovery_codes()
    hashes = await asyncio.gather(*(hash_password(code.replace("-", "")) for code in codes))
    return codes, list(hashes)


async def _page(request: Request, faults: dict[str, str]) -> web.Response:
    person_id = own_id(request)
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.person(person_id)
        factor = await access.factors.of(person_id)
        is_required = person.role in await access.roles.factor_roles()
    return request.page(
        "access/second_factor.html", status=422 if faults else 200, person=person, factor=factor,
        faults=faults, is_required=is_required,
    )  # fmt: skip


_HERE = "/account/second-factor"
routes = (
    FreeRoute(method="GET", path=_HERE, handler=show, right=SIGNED_IN, name="access.second_factor"),
    FreeRoute(
        method="GET", path=f"{_HERE}/picture.svg", handler=picture, right=SIGNED_IN,
        name="access.factor_picture",
    ),
    FreeRoute(
        method="POST", path=f"{_HERE}/begin", handler=begin, right=SIGNED_IN, name="access.factor_begin"
    ),
    FreeRoute(
        method="POST", path=f"{_HERE}/confirm", handler=confirm, right=SIGNED_IN, name="access.factor_on"
    ),
    FreeRoute(
        method="POST", path=f"{_HERE}/codes", handler=renew_codes, right=SIGNED_IN,
        name="access.recovery_codes",
    ),
    FreeRoute(
        method="POST", path=f"{_HERE}/off", handler=switch_off, right=SIGNED_IN, name="access.factor_off"
    ),
)  # fmt: skip
