"""Pages of duplicates: who is proposed and why, the two side by side, the log of mergings."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.masking import without_numbers
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import CrmApi
from hub.modules.crm.web_history import actor_names

_MOST = 50
RIGHT = "clients.merge"


async def duplicates(request: PageRequest) -> web.StreamResponse:
    """Who may be one client in two records, the surest first."""
    pairs = await request.apis.of(CrmApi).duplicates.all(_MOST)
    return request.page("crm/duplicates.html", pairs=pairs)


async def compare(request: PageRequest) -> web.StreamResponse:
    """The two side by side; without `with` the search box finds the other one."""
    crm = request.apis.of(CrmApi)
    one = await crm.client(request.path["id"])
    other_id, text = request.query.get("with", "")[:26], request.query.get("q", "")[:200].strip()
    other = await crm.client(other_id) if other_id else None
    if other is not None and other.id == one.id:
        raise Conflict("crm.one_already", "These two are one record already.", "Choose another one.")
    is_whole = not request.viewer.sees_numbers
    hits = await crm.search(text, 10, whole_numbers=is_whole) if text else []
    found = {hit.client.id: hit.client for hit in hits if hit.client is not None and hit.client.id != one.id}
    why = await crm.duplicates.of(one.id) if other is not None else ()
    pair = next((p for p in why if other is not None and other.id in (p.one.id, p.other.id)), None)
    cars = await crm.vehicles_of([one.id, other.id]) if other is not None else {}
    return request.page(
        "crm/merge.html", one=one, other=other, text=text, found=tuple(found.values()), pair=pair, cars=cars
    )


async def merge(request: PageRequest) -> web.StreamResponse:
    """`keep` is the record that lives on; the other one of the two leads to it."""
    crm, form = request.apis.of(CrmApi), request.form
    one, other = await crm.client(request.path["id"]), await crm.client(_other(request))
    keep, gone = (one, other) if form.get("keep") != other.id else (other, one)
    kept = await crm.merging.merge(gone.id, keep.id, form.get("reason", "").strip())
    return request.redirect(f"/clients/{kept.id}", notice=request.t("They are one record now."))


async def are_two(request: PageRequest) -> web.StreamResponse:
    """Not proposed again."""
    await request.apis.of(CrmApi).duplicates.are_two(request.path["id"], _other(request))
    return request.redirect("/clients/duplicates", notice=request.t("They stay two records."))


def _other(request: PageRequest) -> str:
    other = request.form.get("with", "")[:26]
    if not other:
        raise Invalid("crm.merge_with", "Choose the other record first.", "Find it with the search box.")
    return other


async def log(request: PageRequest) -> web.StreamResponse:
    """What was merged, newest first, each to be undone."""
    crm = request.apis.of(CrmApi)
    page = await crm.merging.recent(cursor=request.query.get("cursor") or None, limit=_MOST)
    kept = await crm.clients_by_ids([one.into_id for one in page.items])
    before = {one.id: await crm.merging.name_of(one.from_id) for one in page.items}
    if not request.viewer.sees_numbers:
        before = {merge: without_numbers(name) for merge, name in before.items()}
    names = await actor_names(request)
    return request.page("crm/merges.html", merges=page, kept=kept, before=before, names=names)


async def undo(request: PageRequest) -> web.StreamResponse:
    """They are two again."""
    back = await request.apis.of(CrmApi).merging.undo(request.path["id"])
    return request.redirect(f"/clients/{back.id}", notice=request.t("They are two records again."))


async def forget_number(request: PageRequest) -> web.StreamResponse:
    """Ask again whose a shared number is."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    number = request.form.get("number", "")[:64]
    if number in await crm.numbers.learnt_of(client.id):
        await crm.numbers.unlearn(number)
    return request.redirect(f"/clients/{client.id}", notice=request.t("At the next call we ask again."))


routes = (
    Route(
        method="GET", path="/clients/duplicates", handler=duplicates, right=RIGHT, name="crm.duplicates",
        is_heavy=True,
    ),
    Route(method="GET", path="/clients/merges", handler=log, right=RIGHT, name="crm.merges"),
    Route(method="GET", path="/clients/{id}/merge", handler=compare, right=RIGHT, name="crm.compare"),
    Route(method="POST", path="/clients/{id}/merge", handler=merge, right=RIGHT, name="crm.merge"),
    Route(method="POST", path="/clients/{id}/two", handler=are_two, right=RIGHT, name="crm.are_two"),
    Route(method="POST", path="/merges/{id}/undo", handler=undo, right=RIGHT, name="crm.undo_merge"),
    Route(
        method="POST", path="/clients/{id}/forget-number", handler=forget_number, right="clients.edit",
        name="crm.forget_number",
    ),
)  # fmt: skip
