"""Pages of people."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.access.rules import may_appoint
from hub.modules.access.views import PersonEntry, PersonView


async def people_list(request: PageRequest) -> web.StreamResponse:
    """Everybody of the viewer's shops, those who left at the end."""
    people = await request.apis.of(AccessApi).list_people(request.viewer.shop_ids)
    people.sort(key=lambda one: (not one.is_active, one.name.casefold()))
    return request.page("access/people.html", people=people)


async def person_new(request: PageRequest) -> web.StreamResponse:
    """An empty form."""
    return await _person_page(request, None, {"is_active": "1"}, {})


async def person_add(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    try:
        person = await request.apis.of(AccessApi).people.create(_entry(request), request.viewer)
    except (Invalid, Conflict) as error:
        return await _person_page(request, None, _typed(request), _faults(error))
    return request.redirect(f"/settings/people/{person.id}", notice=request.t("Saved."))


async def person_edit(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    person = await request.apis.of(AccessApi).person(request.path["id"], request.viewer.shop_ids)
    shown = {
        "name": person.name,
        "role": person.role,
        "extensions": ", ".join(person.extensions),
        "mobile": person.mobile or "",
        "language": person.language or "",
        "is_active": "1" if person.is_active else "",
        "rev": str(person.rev),
    }
    return await _person_page(request, person, shown, {})


async def person_change(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    access = request.apis.of(AccessApi)
    person = await access.person(request.path["id"], request.viewer.shop_ids)
    rev = request.form.get("rev", "")
    try:
        known = int(rev) if rev.isdecimal() and len(rev) < 10 else None
        await access.people.change(person.id, known, _entry(request), request.viewer)
    except (Invalid, Conflict) as error:
        return await _person_page(request, person, _typed(request), _faults(error))
    return request.redirect(f"/settings/people/{person.id}", notice=request.t("Saved."))


async def _person_page(
    request: PageRequest, person: PersonView | None, typed: Mapping[str, str], faults: Mapping[str, str]
) -> web.Response:
    viewer, grants = request.viewer, request.deps.grants
    roles = [role for role, rights in grants.items() if may_appoint(viewer.role, viewer.rights, role, rights)]
    may_edit = viewer.can("people.edit") and (person is None or person.role in roles)
    return request.page(
        "access/person.html",
        status=422 if faults else 200,
        person=person,
        typed=typed,
        faults=faults,
        roles=roles,
        may_edit=may_edit,
    )


def _entry(request: PageRequest) -> PersonEntry:
    form = request.form
    return PersonEntry(
        name=form.get("name", ""),
        role=form.get("role", ""),
        extensions=tuple(part for part in form.get("extensions", "").replace(",", " ").split() if part),
        mobile=form.get("mobile", "").strip() or None,
        language=form.get("language", "") or None,
        is_active=form.get("is_active") == "1",
    )


def _typed(request: PageRequest) -> dict[str, str]:
    names = ("name", "role", "extensions", "mobile", "language", "is_active", "rev")
    return {name: request.form.get(name, "") for name in names}


def _faults(error: Invalid | Conflict) -> dict[str, str]:
    fields = dict(error.fields) if isinstance(error, Invalid) else {}
    if fields:
        return fields
    where = {"access.extension_taken": "extensions", "access.mobile_taken": "mobile"}.get(error.code, "form")
    text = error.text
    for name, value in error.data.items():
        text = text.replace(f"{{{name}}}", str(value))
    return {where: text}


routes = (
    Route(
        method="GET", path="/settings/people", handler=people_list, right="people.view", name="access.people"
    ),
    Route(
        method="GET",
        path="/settings/people/new",
        handler=person_new,
        right="people.edit",
        name="access.new_person",
    ),
    Route(
        method="POST",
        path="/settings/people/new",
        handler=person_add,
        right="people.edit",
        name="access.add_person",
    ),
    Route(
        method="GET",
        path="/settings/people/{id}",
        handler=person_edit,
        right="people.view",
        name="access.person",
    ),
    Route(
        method="POST",
        path="/settings/people/{id}",
        handler=person_change,
        right="people.edit",
        name="access.change_person",
    ),
)
