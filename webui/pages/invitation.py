"""The one-time link: who was invited chooses log-in and password."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PUBLIC
from hub.modules.access.api import AccessApi, Invited, clean_login, hash_password, password_fault
from webui.pages.login import enter, refuse_other_sites
from webui.pipeline import FreeRoute
from webui.request import Request

PATH = "/invite/{token}"


async def show(request: Request) -> web.StreamResponse:
    """Public: whoever has the link was given it. Looking changes nothing, so a program that only looks at
    the address (a messenger's preview) uses nothing up."""
    return _form(request, await _invited(request), "", {})


async def accept(request: Request) -> web.StreamResponse:
    """Public, as above: log-in and password are set, the link is used up, the person is signed in."""
    refuse_other_sites(request)
    invited = await _invited(request)
    login, password = request.form.get("login", ""), request.form.get("password", "")
    faults = _faults(invited, login, password)
    if faults:
        return _form(request, invited, login, faults)
    password_hash = await hash_password(password)
    try:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            person = await access.invitations.accept(request.path["token"], login, password_hash)
            request.audit(uow, "access.invitation_accepted", subject=person.id, actor=f"person:{person.id}")
            if (await access.factors.of(person.id)).is_on:
                return request.redirect("/login", notice="")
            old = request.http.cookies.get(request.site.cookies.session)
            if old:
                await access.sessions.end(old)
            signed_in = await access.sessions.open(
                person.id, address=request.address, agent=request.http.headers.get("User-Agent", ""),
                needs_device=True,
            )  # fmt: skip
    except Invalid as error:
        return _form(request, invited, login, dict(error.fields))
    response = request.redirect("/")
    enter(request, response, signed_in)
    return response


async def _invited(request: Request) -> Invited:
    async with request.reading() as uow:
        return await AccessApi(uow, request.deps).invitations.look(request.path["token"])


def _faults(invited: Invited, login: str, password: str) -> dict[str, str]:
    faults: dict[str, str] = {}
    if invited.login is None and clean_login(login) is None:
        faults["login"] = "Letters, digits and . @ + - _ only."
    fault = password_fault(password, invited.login or login, invited.name)
    if fault is not None:
        faults["password"] = fault
    return faults


def _form(request: Request, invited: Invited, login: str, faults: dict[str, str]) -> web.Response:
    response = request.page(
        "access/invited.html", status=422 if faults else 200, invited=invited, login=login[:64],
        faults=faults,
    )  # fmt: skip
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


routes = (
    FreeRoute(method="GET", path=PATH, handler=show, right=PUBLIC, name="access.invited"),
    FreeRoute(
        method="POST", path=PATH, handler=accept, right=PUBLIC, name="access.accept_invitation",
        is_entrance=True,
    ),
)  # fmt: skip
