"""Asks for the second person, for every route that has `second`: the form comes back with a prompt, and
goes on once somebody else (or, where there is nobody, the owner again) has typed a password."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web

from hub.kernel.context import UnitOfWork
from hub.kernel.web import Route, Viewer
from hub.modules.access.api import AccessApi
from webui.guard import CSRF_FIELD
from webui.proving import Proof, prove
from webui.request import Request, own_path

LOGIN, PASSWORD, CODE = "second_login", "second_password", "second_code"


async def ask_second(request: Request, route: Route) -> web.StreamResponse | None:
    """None when it is confirmed (`request.second` then says by whom); else the page that asks.
    Raises NotAllowed for programs, TooMany."""
    form = request.form
    async with request.reading() as uow:
        viewer, access = await _there(request, route, uow), AccessApi(uow, request.deps)
        kind = await access.second.kind(viewer, route.second)
        own = (await access.person(viewer.id)).login or ""
    if not form.get(PASSWORD):
        return _prompt(request, kind, "")
    login = form.get(LOGIN, "") if kind == "somebody_else" else own
    proof = await prove(request, login, form.get(PASSWORD, ""), form.get(CODE, ""))
    fault = await _settle(request, route, kind, proof)
    if fault is None:
        request.second = f"person:{proof.attempt.person_id}"
        return None
    return _prompt(request, kind, fault)


async def _settle(request: Request, route: Route, kind: str, proof: Proof) -> str | None:
    """What is wrong, or None; either way it is written down."""
    async with request.writing(is_noted=False) as uow:
        access, person_id = AccessApi(uow, request.deps), proof.attempt.person_id
        fault = _FAULTS.get(proof.outcome)
        if fault is None:
            await access.logins.forgive(proof.attempt.try_id)
            allowed = (
                await access.second.others(await _there(request, route, uow), route.second)
                if kind == "somebody_else"
                else {request.viewer.id}
            )
            if person_id not in allowed:
                fault = "This person may not confirm it: it takes somebody else who has the right."
            elif person_id is not None:
                fault = _UNREADY.get(await access.sessions.detour_of(person_id))
        request.notes += 1
        access.audit.add(
            f"{route.name}.confirm", "failed" if fault else "done", subject=f"person:{person_id or '-'}",
            address=request.address, request_id=request.id, details={"kind": kind, "right": route.second},
        )  # fmt: skip
    return fault


async def _there(request: Request, route: Route, uow: UnitOfWork) -> Viewer:
    """The viewer in the shop that it is about."""
    if route.second_shop is None:
        return request.viewer
    return replace(request.viewer, shop_id=await route.second_shop(request, uow))


def _prompt(request: Request, kind: str, fault: str) -> web.StreamResponse:
    kept = [
        (name, value)
        for name, value in request.form.items()
        if name not in (LOGIN, PASSWORD, CODE, CSRF_FIELD)
    ]
    return request.page(
        "access/second.html", status=422, kind=kind, fault=fault, kept=kept,
        login=request.form.get(LOGIN, "")[:64], cancel=_back(request),
    )  # fmt: skip


def _back(request: Request) -> str:
    """Where one came from: a path of ours."""
    try:
        return own_path(urlsplit(request.http.headers.get("Referer", "")).path)
    except ValueError:
        return "/"


_UNREADY = {
    "password": "A one-time password confirms nothing: this person first chooses one of their own.",
    "second_factor": "Before this person can confirm it, they set up a second factor.",
}
"""By what somebody must do before anything else. Whoever gives one-time passwords would else be their own
second person."""
_FAULTS = {
    "wrong": "Log-in or password is wrong.",
    "code_missing": "This account has a second factor: type its code too.",
    "code_wrong": "The code is wrong, or was used already.",
}
