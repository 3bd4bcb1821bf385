"""The one-time set-up: the first owner, while nobody can sign in yet."""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import PUBLIC
from hub.log import get_logger
from hub.modules.access.api import AccessApi, clean_login, hash_password, password_fault
from webui.guard import is_loopback
from webui.pages.login import enter, refuse_other_sites
from webui.pipeline import FreeRoute
from webui.request import Request, Site


def new_code() -> str:
    """What somebody who is not at this machine must know: it stands in the log."""
    return secrets.token_hex(8)


async def announce(site: Site) -> None:
    """Say in the log how the first owner is made."""
    installation = site.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        if not await AccessApi(uow, installation.deps).people.is_unclaimed():
            return
    get_logger("webui.setup").info("nobody can sign in yet: open /setup", code=site.setup_code)


async def show(request: Request) -> web.StreamResponse:
    """Public: there is nobody yet who could sign in. Closed for ever once there is."""
    if not await _is_open(request):
        return request.redirect("/login")
    return _form(request, {}, {})


async def make_owner(request: Request) -> web.StreamResponse:
    """Public, as above; from elsewhere only with the code from the log."""
    form = request.form
    refuse_other_sites(request)
    if not await _is_open(request):
        raise Conflict("access.set_up_done", "Pitline has an owner already.", "Sign in, or ask the owner.")
    name, login, password = form.get("name", ""), form.get("login", ""), form.get("password", "")
    faults = _faults(request, name, login, password)
    if faults:
        return _form(request, {"name": name, "login": login}, faults)
    password_hash = await hash_password(password)
    try:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            person = await access.people.make_first_owner(name, login, password_hash)
            signed_in = await access.sessions.open(
                person.id, address=request.address, agent=request.http.headers.get("User-Agent", ""),
                needs_device=True,
            )  # fmt: skip
            request.audit(uow, "access.first_owner", actor=f"person:{person.id}")
    except Invalid as error:
        return _form(request, {"name": name, "login": login}, dict(error.fields))
    response = request.redirect("/", notice="")
    enter(request, response, signed_in)
    return response


async def _is_open(request: Request) -> bool:
    async with request.reading() as uow:
        return await AccessApi(uow, request.deps).people.is_unclaimed()


def _needs_code(request: Request) -> bool:
    return not is_loopback(request.http, request.site.installation.settings.server)


def _faults(request: Request, name: str, login: str, password: str) -> dict[str, str]:
    faults: dict[str, str] = {}
    code = request.form.get("code", "").strip()
    right = request.site.setup_code
    if _needs_code(request) and not hmac.compare_digest(code.encode("utf-8", "replace"), right.encode()):
        faults["code"] = "The set-up code stands in the log of the start."
    if not name.strip():
        faults["name"] = "Give a name of up to 200 characters."
    if clean_login(login) is None:
        faults["login"] = "Letters, digits and . @ + - _ only."
    fault = password_fault(password, login, name)
    if fault is not None:
        faults["password"] = fault
    return faults


def _form(request: Request, typed: dict[str, str], faults: dict[str, str]) -> web.Response:
    return request.page(
        "setup.html",
        status=422 if faults else 200,
        typed=typed,
        faults=faults,
        needs_code=_needs_code(request),
    )


routes = (
    FreeRoute(method="GET", path="/setup", handler=show, right=PUBLIC, name="access.setup_page"),
    FreeRoute(
        method="POST",
        path="/setup",
        handler=make_owner,
        right=PUBLIC,
        name="access.make_owner",
        is_entrance=True,
    ),
)
