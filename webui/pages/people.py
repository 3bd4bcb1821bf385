"""A log-in with a one-time password for an employee: for those whom no link can be sent to."""

from __future__ import annotations

from aiohttp import web

from hub.modules.access.api import AccessApi, hash_password, new_password
from webui.pipeline import FreeRoute
from webui.request import Request


async def give_login(request: Request) -> web.StreamResponse:
    """Shown once; the person is to choose another one before anything else."""
    person_id, viewer = request.path["id"], request.viewer
    password = new_password()
    password_hash = await hash_password(password)
    login = request.form.get("login", "")
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        person = await access.people.set_login(person_id, login, password_hash, is_one_time=True, by=viewer)
        request.audit(uow, "access.give_login", subject=person_id)
    return request.page("one_time_password.html", person=person, password=password)


routes = (
    FreeRoute(
        method="POST", path="/settings/people/{id}/login", handler=give_login, right="people.edit",
        name="access.give_login",
    ),
)  # fmt: skip
