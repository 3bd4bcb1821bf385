"""Whose phone is whose: the PBX's phones and the mobiles, each with its person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.errors import Conflict, Invalid, NotAllowed
from hub.modules.access.api import AccessApi, PersonEntry, PersonView
from webui.pages.settings import ask_endpoints
from webui.pipeline import FreeRoute
from webui.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRow:
    """A phone, what the PBX says of it, and who has it."""

    extension: str
    state: str
    person: PersonView | None


async def show(request: Request) -> web.StreamResponse:
    """Every phone that the PBX or a person knows of."""
    return await _page(request, "")


async def give(request: Request) -> web.StreamResponse:
    """A phone goes to a person, or to nobody."""
    extension, person_id = request.form.get("extension", ""), request.form.get("person_id", "")
    try:
        async with request.writing() as uow:
            access = AccessApi(uow, request.deps)
            await _give(request, access, extension, person_id)
            request.audit(uow, "access.give_phone", subject=f"{extension} {person_id}")
    except (Invalid, Conflict, NotAllowed) as error:
        return await _page(request, request.t(error.text, **error.data))
    return request.redirect("/settings/phones", notice=request.t("Saved."))


async def _give(request: Request, access: AccessApi, extension: str, person_id: str) -> None:
    people = {one.id: one for one in await access.list_people(request.viewer.shop_ids)}
    holder = await access.person_by_extension(extension)
    if holder is not None and holder.id == person_id:
        return
    if holder is not None:
        left = tuple(one for one in holder.extensions if one != extension)
        await access.people.change(holder.id, None, _entry(holder, left), request.viewer)
    if person_id:
        if person_id not in people:
            raise Invalid("access.person_unknown", "Choose a person of yours.")
        person = people[person_id]
        more = (*person.extensions, extension)
        await access.people.change(person.id, None, _entry(person, more), request.viewer)


def _entry(person: PersonView, extensions: tuple[str, ...]) -> PersonEntry:
    return PersonEntry(
        name=person.name, role=person.role, extensions=extensions, mobile=person.mobile,
        is_active=person.is_active, language=person.language, shop_id=person.shop_id,
    )  # fmt: skip


async def _page(request: Request, fault: str) -> web.Response:
    endpoints = await ask_endpoints(request.deps.telephony)
    async with request.reading() as uow:
        people = await AccessApi(uow, request.deps).list_people(request.viewer.shop_ids, only_active=True)
    states = {one.name: one.state for one in endpoints.found if not one.is_trunk}
    return request.page(
        "phones.html", status=422 if fault else 200, rows=_rows(people, states), people=people, fault=fault,
        trouble=endpoints.trouble, has_pbx=request.deps.telephony is not None,
    )  # fmt: skip


def _rows(people: Sequence[PersonView], states: Mapping[str, str]) -> list[PhoneRow]:
    """Phones without a person first: they are what one has to do."""
    holders = {extension: person for person in people for extension in person.extensions}
    names = sorted({*holders, *states}, key=lambda name: (name in holders, len(name), name))
    return [PhoneRow(extension=name, state=states.get(name, ""), person=holders.get(name)) for name in names]


routes = (
    FreeRoute(
        method="GET",
        path="/settings/phones",
        handler=show,
        right="people.view",
        name="web.phones",
        feature="3.8",
    ),
    FreeRoute(
        method="POST",
        path="/settings/phones",
        handler=give,
        right="people.edit",
        name="access.give_phone",
        feature="3.8",
    ),
)
