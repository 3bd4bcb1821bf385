"""Pages of clients. Thin: parse, call the api, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.masking import without_numbers
from hub.kernel.web import PUBLIC, CardSubject, Method, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import (
    KINDS,
    MESSENGERS,
    RELATIONS,
    Candidate,
    ClientEntry,
    ClientFilter,
    ClientView,
    CrmApi,
    Kind,
    Messenger,
    MessengerKind,
    PhoneEntry,
    Relation,
    entry_of,
)
from hub.modules.crm.web_erasure import RIGHT as ERASE
from hub.modules.crm.web_erasure import shops_of
from hub.modules.crm.web_history import actor_names, recent
from hub.modules.crm.web_ties import named

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

_PAGE = 50
_SPARE_PHONES = 2
_LONGEST_TEXT = 200


def filter_of(request: PageRequest) -> ClientFilter:
    """Which clients the address asks for."""
    query = request.query
    relation = query.get("relation", "")
    return ClientFilter(
        text=query.get("q", "")[:_LONGEST_TEXT],
        relation=relation if relation in RELATIONS else None,
        is_archived=query.get("archived") == "1",
        source=query.get("source", "")[:_LONGEST_TEXT],
        segment=query.get("segment", "")[:_LONGEST_TEXT],
        is_blocked=query.get("blocked") == "1",
        whole_numbers=not request.viewer.sees_numbers,
    )


async def show_list(request: PageRequest) -> web.StreamResponse:
    """The clients, narrowed by the one search box; `part=rows` is the list alone, for the script."""
    query, where = request.query, filter_of(request)
    crm = request.apis.of(CrmApi)
    page = await crm.clients(where, cursor=query.get("cursor") or None, limit=_PAGE)
    cars = await crm.vehicles_of([client.id for client in page.items])
    values: dict[str, Any] = {"where": where, "relations": RELATIONS, "next": page.next}
    values |= {"clients": page.items, "cars": cars}
    if query.get("part") == "rows":
        return request.fragment("crm/client_rows.html", **values)
    values |= {"sources": await crm.searching.sources(), "segments": await crm.searching.segments()}
    may_erase = request.viewer.can(ERASE)
    values["asked_count"] = await crm.asked.count(shops_of(request)) if may_erase else 0
    return request.page("crm/clients.html", **values)


async def show(request: PageRequest) -> web.StreamResponse:
    """A client: phones, cars, and what other modules know of them."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    if client.id != request.path["id"]:
        return request.redirect(f"/clients/{client.id}")
    cars = (await crm.vehicles_of([client.id])).get(client.id, ())
    roles = await crm.roles.of_clients([client.id])
    history = await recent(request, client.id)
    return request.page(
        "crm/client.html", client=client, cars=cars, parts=await _parts(request, client), history=history,
        names=await actor_names(request) if history.items else {},
        twins=await crm.duplicates.of(client.id) if request.viewer.can("clients.merge") else (),
        merges=await crm.merging.into(client.id), learnt=await crm.numbers.learnt_of(client.id),
        **await named(request, roles),
    )  # fmt: skip


async def _parts(request: PageRequest, client: ClientView) -> list[str]:
    """The card's parts of other modules; who and which cars stands on the page itself."""
    subject = CardSubject(
        call_id=None,
        client_id=client.id,
        candidate_ids=(),
        number=client.phones[0].number if client.phones else None,
        direction="inbound",
        line=None,
    )
    own = {"desk.cars", "crm.roles", "crm.warning"}
    allowed = [p for p in request.deps.card if request.viewer.can(p.right) and p.name not in own]
    rendered = [await part.render(request, subject) for part in allowed]
    return [html for html in rendered if html.strip()]


async def new(request: PageRequest) -> web.StreamResponse:
    """An empty form; a number or name from the address is filled in."""
    number = request.query.get("number", "")[:64]
    phones = (PhoneEntry(number=number, is_main=True),) if number else ()
    return await _form(request, None, ClientEntry(name=request.query.get("name", "")[:200], phones=phones))


async def create(request: PageRequest) -> web.StreamResponse:
    """Take the form in; a known phone offers who has it already."""
    entry = _entry(request)
    known = await _known(request, entry, None)
    if known:
        return await _form(request, None, entry, known=known)
    try:
        client = await request.apis.of(CrmApi).create_client(entry)
    except Invalid as error:
        return await _form(request, None, entry, faults=error.fields)
    return request.redirect(f"/clients/{client.id}", notice=request.t("Saved."))


async def edit(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    return await _form(request, client, entry_of(client))


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in, if nobody was faster."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    entry = _entry(request)
    known = await _known(request, entry, client)
    if known:
        return await _form(request, client, entry, known=known)
    try:
        await crm.change_client(client.id, _rev(request), entry)
    except Invalid as error:
        return await _form(request, client, entry, faults=error.fields)
    except Conflict as error:
        return await _form(request, client, entry, faults={"form": error.text})
    return request.redirect(f"/clients/{client.id}", notice=request.t("Saved."))


async def cid(request: PageRequest) -> web.StreamResponse:
    """One line of text for a desk phone's display. Public, since a PBX's lookup may only be able to put
    its token into the address (`token=`); without one that may see clients the line is empty."""
    viewer = request.viewer
    token = request.query.get("token", "")
    if viewer.kind == "nobody" and 0 < len(token) <= 200:
        viewer = await request.apis.of(AccessApi).authenticate_token(token) or viewer
    allowed = viewer.can("clients.view")
    number = request.query.get("number", "")[:64]
    line = await request.apis.of(CrmApi).cid_line(number) if allowed else ""
    line = line if viewer.sees_numbers else without_numbers(line)
    return web.Response(
        text=line + "\n",
        status=200 if allowed else 401,
        content_type="text/plain",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


async def _known(
    request: PageRequest, entry: ClientEntry, client: ClientView | None
) -> list[tuple[str, Candidate]]:
    """Who else has one of the phones that are new here; nobody when sharing was confirmed."""
    if request.form.get("allow_shared") == "1":
        return []
    crm = request.apis.of(CrmApi)
    own = {phone.raw for phone in client.phones} if client is not None else set()
    found: list[tuple[str, Candidate]] = []
    for phone in entry.phones[:20]:
        if phone.number.strip() in own:
            continue
        match = await crm.caller(phone.number)
        mine = client.id if client is not None else None
        found += [(phone.number, candidate) for candidate in match.candidates if candidate.client_id != mine]
    return found


async def _form(
    request: PageRequest,
    client: ClientView | None,
    entry: ClientEntry,
    *,
    faults: Mapping[str, str] | None = None,
    known: Sequence[tuple[str, Candidate]] = (),
) -> web.StreamResponse:
    spare = tuple(PhoneEntry(number="") for _ in range(_SPARE_PHONES))
    crm = request.apis.of(CrmApi)
    values: dict[str, Any] = {
        "sources": await crm.searching.sources(), "segments": await crm.searching.segments(),
        "messengers": MESSENGERS, "reached": (*entry.messengers, Messenger(kind="telegram", address="")),
        "client": client, "entry": entry, "phones": (*entry.phones, *spare), "faults": faults or {},
        "known": known, "relations": RELATIONS, "kinds": KINDS,
        "rev": request.form.get("rev", "") if faults or known else (client.rev if client else ""),
    }  # fmt: skip
    status = 422 if faults else 409 if known else 200
    return request.page("crm/client_form.html", status=status, **values)


def _entry(request: PageRequest) -> ClientEntry:
    form = request.form
    numbers, labels = form.getall("phone_number", []), form.getall("phone_label", [])
    main = form.get("phone_main", "0")
    phones = tuple(
        PhoneEntry(number=number, label=label, is_main=str(position) == main)
        for position, (number, label) in enumerate(zip(numbers, labels, strict=False))
        if number.strip()
    )
    return ClientEntry(
        kind=cast("Kind", form.get("kind", "person")),
        relation=cast("Relation", form.get("relation", "client")),
        name=form.get("name", ""),
        phones=phones,
        emails=tuple(form.get("emails", "").replace(",", " ").split()),
        language=form.get("language") or None,
        tags=tuple(tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()),
        note=form.get("note", ""),
        is_archived=form.get("is_archived") == "1",
        messengers=tuple(
            Messenger(kind=cast("MessengerKind", kind), address=address)
            for kind, address in zip(
                form.getall("messenger_kind", []), form.getall("messenger_address", []), strict=False
            )
            if address.strip()
        ),
        source=form.get("source", ""),
        segments=tuple(one.strip() for one in form.get("segments", "").split(",") if one.strip()),
        blocked_reason=form.get("blocked_reason") or None,
        birthday=form.get("birthday", ""),
    )


def _rev(request: PageRequest) -> int:
    rev = request.form.get("rev", "")
    if not (rev.isascii() and rev.isdigit() and len(rev) < 10):
        raise Invalid("crm.form", "The form came broken.", "Reload the page and try again.")
    return int(rev)


def _page(
    method: Method, path: str, handler: Handler, right: str, name: str, *, is_heavy: bool = False
) -> Route:
    return Route(
        method=method, path=path, handler=handler, right=right, name=f"crm.{name}", is_heavy=is_heavy
    )


routes = (
    _page("GET", "/clients", show_list, "clients.view", "clients", is_heavy=True),
    _page("GET", "/clients/new", new, "clients.edit", "new_client"),
    _page("POST", "/clients/new", create, "clients.edit", "create_client"),
    _page("GET", "/clients/{id}", show, "clients.view", "client"),
    _page("GET", "/clients/{id}/edit", edit, "clients.edit", "edit_client"),
    _page("POST", "/clients/{id}/edit", change, "clients.edit", "change_client"),
    _page("GET", "/cid", cid, PUBLIC, "cid"),
)
