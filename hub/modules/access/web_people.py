"""Pages of people: who works here, their phones and shops, invitations, sessions, second factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.access.rules import may_appoint
from hub.modules.access.views import InvitationView, PersonEntry, PersonView, RoleView
from hub.values import ShopId

PEOPLE = "/settings/people"
_FIELDS = ("name", "role", "extensions", "mobile", "language", "is_active", "rev", "shop", "invite")


async def people_list(request: PageRequest) -> web.StreamResponse:
    """Everybody of the viewer's shops, those who left at the end."""
    access = request.apis.of(AccessApi)
    people = await access.list_people(request.viewer.shop_ids)
    people.sort(key=lambda one: (not one.is_active, one.name.casefold()))
    ids = [one.id for one in people]
    return request.page(
        "access/people.html", people=people, invited=await access.invitations.open_for(ids),
        with_factor=await access.factors.owners_of(ids), factor_roles=await access.roles.factor_roles(),
    )  # fmt: skip


async def person_new(request: PageRequest) -> web.StreamResponse:
    """An empty form."""
    shown = {"is_active": "1", "invite": "1", "shop": request.viewer.shop_id}
    return await _person_page(request, None, shown, [], {})


async def person_add(request: PageRequest) -> web.StreamResponse:
    """Take the form in; where an invitation is wanted, the answer shows its link once."""
    access = request.apis.of(AccessApi)
    try:
        person = await access.people.create(_entry(request), request.viewer)
    except (Invalid, Conflict) as error:
        return await _person_page(request, None, _typed(request), _ticked(request), _faults(error))
    if request.form.get("invite") == "1":
        return await _invitation_page(request, person)
    return request.redirect(f"{PEOPLE}/{person.id}", notice=request.t("Saved."))


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
        "shop": person.shop_id,
    }
    return await _person_page(request, person, shown, person.shops, {})


async def person_change(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    access = request.apis.of(AccessApi)
    person = await access.person(request.path["id"], request.viewer.shop_ids)
    rev = request.form.get("rev", "")
    try:
        known = int(rev) if rev.isdecimal() and len(rev) < 10 else None
        await access.people.change(person.id, known, _entry(request), request.viewer)
    except (Invalid, Conflict) as error:
        return await _person_page(request, person, _typed(request), _ticked(request), _faults(error))
    return request.redirect(f"{PEOPLE}/{person.id}", notice=request.t("Saved."))


async def invite(request: PageRequest) -> web.StreamResponse:
    """A one-time link, new or again: an earlier one opens nothing any more."""
    person = await request.apis.of(AccessApi).person(request.path["id"], request.viewer.shop_ids)
    return await _invitation_page(request, person)


async def revoke_invitation(request: PageRequest) -> web.StreamResponse:
    """The link opens nothing any more."""
    await request.apis.of(AccessApi).invitations.revoke(request.path["id"], request.viewer)
    notice = request.t("The invitation is withdrawn.")
    return request.redirect(f"{PEOPLE}/{request.path['id']}", notice=notice)


async def end_sessions(request: PageRequest) -> web.StreamResponse:
    """Sign somebody below one's own rank out everywhere, within a second."""
    access = request.apis.of(AccessApi)
    person = await access.person(request.path["id"], request.viewer.shop_ids)
    await access.roles.check_appoint(person.role, request.viewer)
    await access.sessions.end_others(person.id)
    notice = request.t("{name} is signed out everywhere.", name=person.name)
    return request.redirect(f"{PEOPLE}/{person.id}", notice=notice)


async def reset_factor(request: PageRequest) -> web.StreamResponse:
    """For whoever lost phone and recovery codes; a second person has confirmed that it is really them."""
    access = request.apis.of(AccessApi)
    person = await access.person(request.path["id"], request.viewer.shop_ids)
    await access.roles.check_appoint(person.role, request.viewer)
    await access.factors.remove(person.id)
    await access.sessions.end_others(person.id)
    notice = request.t(
        "The second factor of {name} is off; they are signed out everywhere.", name=person.name
    )
    return request.redirect(f"{PEOPLE}/{person.id}", notice=notice)


async def _invitation_page(request: PageRequest, person: PersonView) -> web.Response:
    access = request.apis.of(AccessApi)
    invitation, secret = await access.invitations.create(person.id, request.viewer)
    base = request.deps.settings.server.public_url.rstrip("/") or str(request.http.url.origin())
    return request.page(
        "access/invitation.html", person=person, invitation=invitation, link=f"{base}/invite/{secret}"
    )


async def _person_page(
    request: PageRequest, person: PersonView | None, typed: Mapping[str, str], ticked: Sequence[str],
    faults: Mapping[str, str],
) -> web.Response:  # fmt: skip
    access, viewer = request.apis.of(AccessApi), request.viewer
    roles = await access.roles.appointable(viewer)
    may_edit = viewer.can("people.edit") and (person is None or await _may_touch(access, request, person))
    invitation: InvitationView | None = None
    if person is not None:
        invitation = (await access.invitations.open_for([person.id])).get(person.id)
    return request.page(
        "access/person.html", status=422 if faults else 200, person=person, typed=typed, faults=faults,
        roles=_choices(roles, person) if may_edit else [], ticked=ticked, may_edit=may_edit,
        shops=await _shops(access, request), invitation=invitation,
        sessions=len(await access.sessions.of(person.id)) if person is not None and may_edit else 0,
        factor=await access.factors.of(person.id) if person is not None else None,
    )  # fmt: skip


async def _may_touch(access: AccessApi, request: PageRequest, person: PersonView) -> bool:
    viewer, role = request.viewer, await access.roles.find(person.role)
    rank, rights = (role.rank, role.rights) if role is not None else (await access.roles.rank(""), {})
    return may_appoint(await access.roles.rank(viewer.role), viewer.rights, rank, rights)


def _choices(roles: Sequence[RoleView], person: PersonView | None) -> list[tuple[str, str]]:
    """Role and, for own ones, its name (the fixed ones' stand in the catalogue of texts)."""
    found = [(one.id, one.name if one.is_own else "") for one in roles]
    if person is not None and person.role not in {one.id for one in roles}:
        found.append((person.role, person.role_name))
    return found


async def _shops(access: AccessApi, request: PageRequest) -> list[tuple[str, str]]:
    """Id and name of those that the viewer may send somebody to."""
    shops = await access.list_shops()
    return [(one.id, one.name) for one in shops if one.id in request.viewer.shop_ids]


def _entry(request: PageRequest) -> PersonEntry:
    form = request.form
    return PersonEntry(
        name=form.get("name", ""),
        role=form.get("role", ""),
        extensions=tuple(part for part in form.get("extensions", "").replace(",", " ").split() if part),
        mobile=form.get("mobile", "").strip() or None,
        language=form.get("language", "") or None,
        is_active=form.get("is_active") == "1",
        shop_id=ShopId(form["shop"]) if form.get("shop") else None,
        shops=tuple(map(ShopId, _ticked(request))) if form.get("shop") else None,
    )


def _typed(request: PageRequest) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in _FIELDS}


def _ticked(request: PageRequest) -> list[str]:
    return [shop for shop in request.form.getall("shops", []) if shop][:100]


def _faults(error: Invalid | Conflict) -> dict[str, str]:
    fields = dict(error.fields) if isinstance(error, Invalid) else {}
    if fields:
        return fields
    where = {"access.extension_taken": "extensions", "access.mobile_taken": "mobile"}.get(error.code, "form")
    text = error.text
    for name, value in error.data.items():
        text = text.replace(f"{{{name}}}", str(value))
    return {where: text}


_ONE = f"{PEOPLE}/{{id}}"
routes = (
    Route(method="GET", path=PEOPLE, handler=people_list, right="people.view", name="access.people"),
    Route(
        method="GET", path=f"{PEOPLE}/new", handler=person_new, right="people.edit", name="access.new_person"
    ),
    Route(
        method="POST", path=f"{PEOPLE}/new", handler=person_add, right="people.edit",
        name="access.add_person",
    ),
    Route(method="GET", path=_ONE, handler=person_edit, right="people.view", name="access.person"),
    Route(method="POST", path=_ONE, handler=person_change, right="people.edit", name="access.change_person"),
    Route(method="POST", path=f"{_ONE}/invite", handler=invite, right="people.edit", name="access.invite"),
    Route(
        method="POST", path=f"{_ONE}/invite/revoke", handler=revoke_invitation, right="people.edit",
        name="access.revoke_invitation",
    ),
    Route(
        method="POST", path=f"{_ONE}/sessions/end", handler=end_sessions, right="people.edit",
        name="access.end_sessions",
    ),
    Route(
        method="POST", path=f"{_ONE}/factor/reset", handler=reset_factor, right="people.secure",
        name="access.reset_factor", second="people.secure",
    ),
)  # fmt: skip
