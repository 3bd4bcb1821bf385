"""Pages of imports: upload, say what the columns mean, try, take in, see what was wrong."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import as_csv
from hub.kernel.web import PageRequest, Route
from hub.modules.imports import jobs
from hub.modules.imports.api import ImportsApi
from hub.modules.imports.opening import opened
from hub.modules.imports.reading import BIGGEST
from hub.modules.imports.rules import TARGETS
from hub.modules.imports.rules_calls import is_history
from hub.modules.imports.views import ENCODINGS, FileKind
from hub.values import ShopId

RIGHT = "imports.use"
_SHOWN_FAULTS = 20
_MOST_FAULTS = 10_000


def shops_of(request: PageRequest) -> frozenset[ShopId] | None:
    """Whose files the viewer may see; None = all."""
    return None if request.viewer.rights.get(RIGHT) == "all" else request.viewer.shop_ids


async def show_list(request: PageRequest) -> web.StreamResponse:
    """The form, and what was taken in lately."""
    files = await request.apis.of(ImportsApi).recent(shops_of(request))
    return request.page("imports/index.html", files=files, biggest=BIGGEST // 1024 // 1024)


async def look_into(request: PageRequest) -> Any:
    """Before the unit of work: a hostile file costs a thread, not the database."""
    upload = request.upload
    if upload is None or not upload.data:
        raise Invalid("imports.none", "No file was chosen.", "Choose a file and try again.")
    return await asyncio.to_thread(opened, upload.data, upload.name)


async def take(request: PageRequest) -> web.StreamResponse:
    """Keep the file, and ask what its columns mean."""
    kind: FileKind = "calls" if is_history(request.prepared.head) else "clients"
    file = await request.apis.of(ImportsApi).store(request.prepared, kind)
    return request.redirect(f"/imports/{file.id}")


async def show(request: PageRequest) -> web.StreamResponse:
    """What its columns mean; how far it is; what came of it. `part=body` is what changes."""
    imports = request.apis.of(ImportsApi)
    file = await imports.one(request.path["id"], shops_of(request))
    run = None
    if file.run_id is not None:
        run = await request.deps.jobs.find(request.uow, file.run_id)
    values: dict[str, Any] = {
        "file": file, "run": run, "targets": TARGETS, "encodings": ENCODINGS,
        "faults": await imports.faults(file.id, _SHOWN_FAULTS),
    }  # fmt: skip
    if request.query.get("part") == "body":
        return request.fragment("imports/file_body.html", **values)
    return request.page("imports/file.html", **values)


async def start(request: PageRequest) -> web.StreamResponse:
    """Try it, or take it in."""
    imports, form = request.apis.of(ImportsApi), request.form
    file = await imports.one(request.path["id"], shops_of(request))
    is_dry = form.get("how") == "try"
    await imports.begin(file.id, form.getall("column", []), form.get("encoding", ""), is_dry=is_dry)
    run_id = await request.deps.jobs.enqueue(request.uow, jobs.take_in, {"file_id": file.id}, key=file.id)
    await imports.runs(file.id, run_id)
    return request.redirect(f"/imports/{file.id}")


async def faults(request: PageRequest) -> web.StreamResponse:
    """What was wrong, for a spreadsheet."""
    imports = request.apis.of(ImportsApi)
    file = await imports.one(request.path["id"], shops_of(request))
    found = request.seen(await imports.faults(file.id, _MOST_FAULTS))
    head = [request.t("Line"), request.t("What is wrong"), request.t("The line")]
    body = as_csv(head, ([one.line, request.t(one.text), one.row] for one in found))
    return web.Response(
        body=body, content_type="text/csv", charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{file.id[-6:]}.csv"'},
    )  # fmt: skip


async def drop(request: PageRequest) -> web.StreamResponse:
    """Away with the file."""
    imports = request.apis.of(ImportsApi)
    file = await imports.one(request.path["id"], shops_of(request))
    await imports.drop(file.id)
    return request.redirect("/imports", notice=request.t("The file is gone; what was taken in stays."))


routes = (
    Route(method="GET", path="/imports", handler=show_list, right=RIGHT, name="imports.list"),
    Route(
        method="POST", path="/imports", handler=take, right=RIGHT, name="imports.upload", before=look_into,
        upload=BIGGEST,
    ),
    Route(method="GET", path="/imports/{id}", handler=show, right=RIGHT, name="imports.file"),
    Route(method="POST", path="/imports/{id}/start", handler=start, right=RIGHT, name="imports.start"),
    Route(
        method="GET", path="/imports/{id}/faults.csv", handler=faults, right=RIGHT, name="imports.faults",
        is_noted=True,
    ),
    Route(method="POST", path="/imports/{id}/drop", handler=drop, right=RIGHT, name="imports.drop"),
)  # fmt: skip
