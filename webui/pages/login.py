"""Signing in and out."""

from __future__ import annotations

from aiohttp import web

from hub.errors import NotAllowed, NotSignedIn
from hub.kernel.web import PUBLIC
from hub.modules.access.api import AccessApi, SignedIn
from webui.errors import wants_json
from webui.guard import origin_is_ours
from webui.pipeline import FreeRoute
from webui.proving import LONGEST_FIELD, Proof, device_cookie, prove, prove_code
from webui.request import Request, own_path

DEVICE_SECONDS = 400 * 86400
STEP_SECONDS = 300


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
    """Public: it makes a viewer of nobody. Password and code may come together, or the code after the
    password was right: then a cookie stands for the password for some minutes."""
    refuse_other_sites(request)
    form, cookies = request.form, request.site.cookies
    going_to = own_path(form.get("next") or request.query.get("next"))
    login, password, code = form.get("login", ""), form.get("password", ""), form.get("code", "")
    step = request.http.cookies.get(cookies.step, "")[:100]
    proof = await _resumed(request, step, code) if step and code and not password else None
    if proof is None:
        proof = await prove(request, login, password, code)
    signed_in = await _settle(request, proof, login[:LONGEST_FIELD])
    if signed_in is not None:
        response = request.redirect(going_to)
        enter(request, response, signed_in)
        if step:
            cookies.drop(response, cookies.step)
        return response
    if proof.outcome in ("code_missing", "code_wrong"):
        return await _ask_code(request, proof, going_to, step)
    if wants_json(request.http):
        raise NotSignedIn("access.login_wrong", "Log-in or password is wrong.", "Try again.")
    return _form(request, going_to, login[:LONGEST_FIELD])


async def sign_out(request: Request) -> web.StreamResponse:
    """Public: whoever has no session any more may still be told that he is out."""
    refuse_other_sites(request)
    token = request.visitor.session_token
    if token:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            await access.sessions.end(token)
            request.audit(uow, "access.sign_out")
    response = request.redirect("/login")
    request.site.cookies.drop(response, request.site.cookies.session)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
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


async def _resumed(request: Request, step: str, code: str) -> Proof | None:
    """The code alone, after the password; None when that was too long ago."""
    async with request.reading() as uow:
        attempt = await AccessApi(uow, request.deps).logins.resume(step, device_cookie(request))
    return None if attempt is None else await prove_code(request, attempt, code)


async def _settle(request: Request, proof: Proof, login: str) -> SignedIn | None:
    """Open the session if all was right, and write down how it went."""
    attempt, signed_in = proof.attempt, None
    if proof.outcome == "code_missing":
        return None
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        if proof.outcome == "right":
            signed_in = await access.logins.succeed(
                attempt, address=request.address, agent=request.http.headers.get("User-Agent", ""),
                old=request.http.cookies.get(request.site.cookies.session), new_hash=proof.new_hash,
            )  # fmt: skip
            await access.logins.close_challenge(request.http.cookies.get(request.site.cookies.step, ""))
        action = "access.sign_in_code" if proof.outcome == "code_wrong" else "access.sign_in"
        outcome, actor = ("done", f"person:{attempt.person_id}") if signed_in else ("failed", None)
        request.audit(uow, action, outcome=outcome, subject=login[:100], actor=actor)
    return signed_in


async def _ask_code(request: Request, proof: Proof, going_to: str, step: str) -> web.StreamResponse:
    is_wrong = proof.outcome == "code_wrong"
    if wants_json(request.http):
        if is_wrong:
            raise NotSignedIn("access.code_wrong", "The code is wrong, or was used already.", "Try the next.")
        raise NotSignedIn(
            "access.code_needed", "The code of the second factor is needed.", "Send it as code."
        )
    response = request.page("access/code.html", status=401, going_to=going_to, is_wrong=is_wrong)
    if not step or not is_wrong:
        async with request.writing(is_noted=False) as uow:
            token = await AccessApi(uow, request.deps).logins.challenge(proof.attempt)
        request.site.cookies.put(response, request.site.cookies.step, token, STEP_SECONDS)
    return response


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
