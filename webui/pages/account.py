"""What a person may do with his own log-in, and the log-ins that he gives to others."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Invalid, NotSignedIn
from hub.kernel.web import SIGNED_IN
from hub.modules.access.api import (
    AccessApi,
    hash_password,
    new_password,
    password_fault,
    password_fits,
)
from webui.pages.login import enter
from webui.pipeline import FreeRoute
from webui.request import Request, own_path
from webui.texts import LANGUAGES


async def show(request: Request) -> web.StreamResponse:
    """Own name, language, password and browsers."""
    return await _page(request, {})


async def change_password(request: Request) -> web.StreamResponse:
    """The old password is asked for; every other browser is signed out."""
    person_id, form = _own_id(request), request.form
    viewer = request.viewer
    async with request.reading() as uow:
        login = (await AccessApi(uow, request.deps).person(person_id)).login or ""
    async with request.writing(is_noted=False) as uow:
        attempt = await AccessApi(uow, request.deps).logins.begin(login, request.address, None)
    if not await password_fits(attempt.password_hash, form.get("old", "")[:256]):
        return await _page(request, {"old": "This is not your present password."})
    fault = password_fault(form.get("new", ""), login)
    if fault is not None:
        return await _page(request, {"new": fault})
    password_hash = await hash_password(form.get("new", ""))
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        await access.people.set_login(person_id, login, password_hash, is_one_time=False, by=viewer)
        await access.logins.forgive(attempt.try_id)
        signed_in = await access.logins.open(
            person_id, address=request.address, agent=request.http.headers.get("User-Agent", ""),
            needs_device=True,
        )  # fmt: skip
        request.audit(uow, "access.password")
    response = request.redirect("/me?password=changed")
    enter(request, response, signed_in)
    return response


async def change_language(request: Request) -> web.StreamResponse:
    """Remembered with the person, on every device."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise Invalid("access.language", "One of en, ru, uk.")
    async with request.writing() as uow:
        await AccessApi(uow, request.deps).people.set_language(_own_id(request), language)
    return request.redirect(own_path(request.form.get("back")))


async def end_session(request: Request) -> web.StreamResponse:
    """Sign another browser of one's own out."""
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        await access.logins.end_one(_own_id(request), request.path["id"])
        request.audit(uow, "access.end_session", subject=request.path["id"])
    return request.redirect("/me")


async def give_login(request: Request) -> web.StreamResponse:
    """A log-in and a one-time password for an employee; shown once."""
    person_id, viewer = request.path["id"], request.viewer
    password = new_password()
    password_hash = await hash_password(password)
    login = request.form.get("login", "")
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.people.set_login(person_id, login, password_hash, is_one_time=True, by=viewer)
        request.audit(uow, "access.give_login", subject=person_id)
    return request.page("one_time_password.html", person=person, password=password)


def _own_id(request: Request) -> str:
    if request.viewer.kind != "person":
        raise NotSignedIn("access.sign_in", "Please sign in.", "Only people have a log-in of their own.")
    return request.viewer.id


async def _page(request: Request, faults: dict[str, str]) -> web.Response:
    person_id = _own_id(request)
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.person(person_id)
        sessions = await access.logins.sessions_of(person_id)
    return request.page(
        "me.html", status=422 if faults else 200, person=person, sessions=sessions, faults=faults,
        is_changed=request.query.get("password") == "changed",
    )  # fmt: skip


routes = (
    FreeRoute(method="GET", path="/me", handler=show, right=SIGNED_IN, name="access.me"),
    FreeRoute(
        method="POST", path="/me/password", handler=change_password, right=SIGNED_IN, name="access.password"
    ),
    FreeRoute(
        method="POST", path="/me/language", handler=change_language, right=SIGNED_IN, name="access.language"
    ),
    FreeRoute(
        method="POST",
        path="/me/sessions/{id}/end",
        handler=end_session,
        right=SIGNED_IN,
        name="access.end_session",
    ),
    FreeRoute(
        method="POST",
        path="/settings/people/{id}/login",
        handler=give_login,
        right="people.edit",
        name="access.give_login",
    ),
)
