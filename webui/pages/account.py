"""What a person may do with his own log-in: password, language, browsers."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Invalid, NotSignedIn
from hub.kernel.texts import LANGUAGES
from hub.kernel.web import SIGNED_IN
from hub.modules.access.api import AccessApi, hash_password, password_fault
from webui.agents import described
from webui.pages.login import enter
from webui.pipeline import FreeRoute
from webui.proving import prove
from webui.request import Request, own_path

_PASSWORD_WRONG = {"own_password": "This is not your present password."}


async def show(request: Request) -> web.StreamResponse:
    """Own name, language, password, second factor and browsers."""
    return await account_page(request, {})


async def old_address(request: Request) -> web.StreamResponse:
    """Where the page was before."""
    return request.redirect("/account")


async def change_password(request: Request) -> web.StreamResponse:
    """The old password is asked for; every other browser is signed out."""
    person_id, new = own_id(request), request.form.get("new", "")
    async with request.reading() as uow:
        person = await AccessApi(uow, request.deps).person(person_id)
    login = person.login or ""
    if not await password_is_right(request, "old"):
        return await account_page(request, {"old": "This is not your present password."})
    fault = password_fault(new, login, person.name)
    if fault is None and new == request.form.get("old", ""):
        fault = "This is the present password."
    if fault is not None:
        return await account_page(request, {"new": fault})
    password_hash = await hash_password(new)
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        await access.people.set_login(person_id, login, password_hash, is_one_time=False, by=request.viewer)
        signed_in = await access.sessions.open(
            person_id, address=request.address, agent=request.http.headers.get("User-Agent", ""),
            needs_device=True,
        )  # fmt: skip
        request.audit(uow, "access.password")
    response = request.redirect("/account?password=changed")
    enter(request, response, signed_in)
    return response


async def change_language(request: Request) -> web.StreamResponse:
    """Remembered with the person, on every device."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise Invalid("access.language", "One of en, ru, uk.")
    async with request.writing() as uow:
        await AccessApi(uow, request.deps).people.set_language(own_id(request), language)
    return request.redirect(own_path(request.form.get("back")))


async def end_session(request: Request) -> web.StreamResponse:
    """Sign another browser of one's own out. The password is asked: a browser that was left open must not
    shut its person out."""
    if not await password_is_right(request, "own_password"):
        return await account_page(request, _PASSWORD_WRONG)
    async with request.writing() as uow:
        await AccessApi(uow, request.deps).sessions.end_one(own_id(request), request.path["id"])
        request.audit(uow, "access.end_session", subject=request.path["id"])
    return request.redirect("/account", notice=request.t("This browser is signed out."))


async def end_others(request: Request) -> web.StreamResponse:
    """Sign all but this one out; the password is asked as for one."""
    if not await password_is_right(request, "own_password"):
        return await account_page(request, _PASSWORD_WRONG)
    async with request.writing() as uow:
        sessions = AccessApi(uow, request.deps).sessions
        count = await sessions.end_others(own_id(request), request.viewer.session_id)
        request.audit(uow, "access.end_other_sessions", subject=str(count))
    return request.redirect("/account", notice=request.t("Every other browser is signed out."))


async def password_is_right(request: Request, field: str) -> bool:
    """Whether the own password stands in this field: asked before what a found-open browser must not do.
    Wrong ones are audited. Raises TooMany."""
    person_id = own_id(request)
    async with request.reading() as uow:
        login = (await AccessApi(uow, request.deps).person(person_id)).login or ""
    proof = await prove(request, login, request.form.get(field, ""), "")
    is_right = proof.outcome in ("right", "code_missing") and proof.attempt.person_id == person_id
    async with request.writing(is_noted=False) as uow:
        if is_right:
            await AccessApi(uow, request.deps).logins.forgive(proof.attempt.try_id)
        else:
            request.audit(uow, "access.password_asked", outcome="failed")
    return is_right


def own_id(request: Request) -> str:
    """Raises NotSignedIn for programs."""
    if request.viewer.kind != "person":
        raise NotSignedIn("access.sign_in", "Please sign in.", "Only people have a log-in of their own.")
    return request.viewer.id


async def account_page(request: Request, faults: dict[str, str]) -> web.Response:
    """The page, with what was wrong by field."""
    person_id = own_id(request)
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.person(person_id)
        sessions = [(one, described(one.agent)) for one in await access.sessions.of(person_id)]
        factor = await access.factors.of(person_id)
        is_required = person.role in await access.roles.factor_roles()
    return request.page(
        "access/account.html", status=422 if faults else 200, person=person, sessions=sessions,
        faults=faults, factor=factor, is_required=is_required,
        is_changed=request.query.get("password") == "changed", detour=request.visitor.detour,
        items=[item for item in request.deps.account if request.viewer.can(item.right)],
    )  # fmt: skip


routes = (
    FreeRoute(method="GET", path="/account", handler=show, right=SIGNED_IN, name="access.account"),
    FreeRoute(method="GET", path="/me", handler=old_address, right=SIGNED_IN, name="access.me"),
    FreeRoute(
        method="POST", path="/account/password", handler=change_password, right=SIGNED_IN,
        name="access.password",
    ),
    FreeRoute(
        method="POST", path="/account/language", handler=change_language, right=SIGNED_IN,
        name="access.language",
    ),
    FreeRoute(
        method="POST", path="/account/sessions/end-others", handler=end_others, right=SIGNED_IN,
        name="access.end_other_sessions",
    ),
    FreeRoute(
        method="POST", path="/account/sessions/{id}/end", handler=end_session, right=SIGNED_IN,
        name="access.end_session",
    ),
)  # fmt: skip
