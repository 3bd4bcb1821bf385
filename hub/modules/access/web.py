"""Pages of people, shop and opening hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.access.rules import may_appoint, parse_minutes, show_minutes
from hub.modules.access.views import HolidayView, PersonEntry, PersonView, ShopView, Span
from hub.values import ShopId

SPANS_PER_DAY = 2
EMPTY_HOLIDAYS = 3


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


async def shop_edit(request: PageRequest) -> web.StreamResponse:
    """Name, language and hours of the viewer's shop."""
    shop = await request.apis.of(AccessApi).shop(request.viewer.shop_id)
    return _shop_page(request, shop, {})


async def shop_change(request: PageRequest) -> web.StreamResponse:
    """Take name, language and hours in."""
    access = request.apis.of(AccessApi)
    shop_id: ShopId = request.viewer.shop_id
    form = request.form
    try:
        hours = {day: _spans(request, f"day{day}") for day in range(7)}
        holidays = _holidays(request)
        await access.shops.change(
            shop_id,
            name=form.get("name", ""),
            timezone=form.get("timezone", ""),
            language=form.get("language", ""),
        )
        await access.shops.set_hours(shop_id, hours, holidays)
    except Invalid as error:
        return _shop_page(request, await access.shop(shop_id), _faults(error))
    return request.redirect("/settings/shop", notice=request.t("Saved."))


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


def _shop_page(request: PageRequest, shop: ShopView, faults: Mapping[str, str]) -> web.Response:
    days: list[list[tuple[str, str]]] = []
    for day in range(7):
        spans = [(show_minutes(s.opens), show_minutes(s.closes)) for s in shop.hours.get(day, ())]
        days.append((spans + [("", "")] * SPANS_PER_DAY)[:SPANS_PER_DAY])
    holidays = [
        (
            one.day.isoformat(),
            one.title,
            show_minutes(one.span.opens) if one.span else "",
            show_minutes(one.span.closes) if one.span else "",
        )
        for one in shop.holidays
    ]
    return request.page(
        "access/shop.html", status=422 if faults else 200, shop=shop, days=days, faults=faults,
        holidays=holidays + [("", "", "", "")] * EMPTY_HOLIDAYS,
    )  # fmt: skip


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


def _spans(request: PageRequest, prefix: str) -> list[Span]:
    found: list[Span] = []
    for number in range(SPANS_PER_DAY):
        span = _span(
            request.form.get(f"{prefix}_opens{number}", ""),
            request.form.get(f"{prefix}_closes{number}", ""),
            prefix,
        )
        if span is not None:
            found.append(span)
    return found


def _span(opens: str, closes: str, field: str) -> Span | None:
    if not opens.strip() and not closes.strip():
        return None
    first, last = parse_minutes(opens), parse_minutes(closes)
    if first is None or last is None:
        text = "Write times like 09:00 and 18:30."
        raise Invalid("access.hours_invalid", "Some hours need a look.", fields={field: text})
    return Span(opens=first, closes=last or 1440)


def _holidays(request: PageRequest) -> list[HolidayView]:
    form = request.form
    columns = [form.getall(f"holiday_{name}", []) for name in ("day", "title", "opens", "closes")]
    found: list[HolidayView] = []
    for day, title, opens, closes in zip(*columns, strict=False):
        if not day.strip():
            continue
        try:
            moment = date.fromisoformat(day.strip())
        except ValueError as error:
            wrong = {"holidays": "Write days like 2026-12-31."}
            raise Invalid("access.hours_invalid", "Some hours need a look.", fields=wrong) from error
        found.append(HolidayView(day=moment, title=title.strip(), span=_span(opens, closes, "holidays")))
    return found


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
    Route(method="GET", path="/settings/shop", handler=shop_edit, right="settings.view", name="access.shop"),
    Route(
        method="POST",
        path="/settings/shop",
        handler=shop_change,
        right="settings.edit",
        name="access.change_shop",
    ),
)
