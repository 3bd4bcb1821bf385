"""Signing in and out."""

from __future__ import annotations

from aiohttp import web

from hub.errors import NotAllowed, NotSignedIn
from hub.kernel.web import PUBLIC
from hub.modules.access.api import AccessApi, SignedIn, password_fits
from webui.errors import wants_json
from webui.guard import origin_is_ours
from webui.pipeline import FreeRoute
from webui.request import Request, own_path

DEVICE_SECONDS = 400 * 86400
LONGEST_FIELD = 256


async def show(request: Request) -> web.StreamResponse:
    """Public: everybody begins here. Who is signed in already goes on."""
    going_to = own_path(request.query.get("next"))
    if request.viewer.kind == "person":
        return request.redirect(going_to)
    async with request.reading() as uow:
        if await AccessApi(uow, request.deps).people.is_unclaimed():
            return request.redirect("/setup")
    return _form(request, going_to, "")


async def sign_in(request: Request) -> web.StreamResponse:
    """Public: it makes a viewer of nobody. The try is counted, the password is looked at outside of
    any transaction, then the session is made."""
    refuse_other_sites(request)
    going_to = own_path(request.form.get("next") or request.query.get("next"))
    login = request.form.get("login", "")[:LONGEST_FIELD]
    password = request.form.get("password", "")
    signed_in = await _try(request, login, password)
    if signed_in is None:
        if wants_json(request.http):
            raise NotSignedIn("access.login_wrong", "Log-in or password is wrong.", "Try again.")
        return _form(request, going_to, login)
    response = request.redirect(going_to)
    enter(request, response, signed_in)
    return response


async def sign_out(request: Request) -> web.StreamResponse:
    """Public: whoever has no session any more may still be told that he is out."""
    refuse_other_sites(request)
    token = request.visitor.session_token
    if token:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            await access.logins.end(token)
            request.audit(uow, "access.sign_out")
    response = request.redirect("/login")
    request.site.cookies.drop(response, request.site.cookies.session)
    return response


def refuse_other_sites(request: Request) -> None:
    """Nobody is signed in or out by somebody else's page. There may be no session whose token a form
    could carry, so a program that names no origin is let through."""
    if origin_is_ours(request.http, request.site.installation.settings.server) is False:
        raise NotAllowed("request.cross_site", "This form was not sent from a page of Pitline.")


def enter(request: Request, response: web.StreamResponse, signed_in: SignedIn) -> None:
    """Give the browser its new session (never one it brought along)."""
    cookies = request.site.cookies
    cookies.put(response, cookies.session, signed_in.token)
    if signed_in.device is not None:
        cookies.put(response, cookies.device, signed_in.device, DEVICE_SECONDS)
    request.site.door.forget()


async def _try(request: Request, login: str, password: str) -> SignedIn | None:
    address = request.address
    device = request.http.cookies.get(request.site.cookies.device)
    async with request.writing(is_noted=False) as uow:
        attempt = await AccessApi(uow, request.deps).logins.begin(login, address, device)
    fits = len(password) <= LONGEST_FIELD and await password_fits(attempt.password_hash, password)
    async with request.writing() as uow:
        access, signed_in = AccessApi(uow, request.deps), None
        if fits and attempt.person_id is not None and not attempt.is_expired:
            signed_in = await access.logins.succeed(
                attempt, address=address, agent=request.http.headers.get("User-Agent", ""), device=device,
                old=request.http.cookies.get(request.site.cookies.session),
            )  # fmt: skip
        outcome, actor = ("done", f"person:{attempt.person_id}") if signed_in else ("failed", None)
        request.audit(uow, "access.sign_in", outcome=outcome, subject=login[:100], actor=actor)
    return signed_in


def _form(request: Request, going_to: str, login: str) -> web.Response:
    is_wrong = request.http.method == "POST"
    return request.page(
        "login.html", status=401 if is_wrong else 200, going_to=going_to, login=login, is_wrong=is_wrong
    )


routes = (
    FreeRoute(method="GET", path="/login", handler=show, right=PUBLIC, name="access.login_page"),
    FreeRoute(
        method="POST", path="/login", handler=sign_in, right=PUBLIC, name="access.sign_in", is_entrance=True
    ),
    FreeRoute(
        method="POST",
        path="/logout",
        handler=sign_out,
        right=PUBLIC,
        name="access.sign_out",
        is_entrance=True,
    ),
)
