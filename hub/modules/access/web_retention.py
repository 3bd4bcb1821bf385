"""The page of how long things are kept."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.rules_retention import THINGS
from hub.modules.access.service_retention import RetentionService


async def show(request: PageRequest) -> web.StreamResponse:
    """What holds now."""
    return await _page(request, {}, {})


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the days in; what was typed stays when something of it is wrong."""
    typed = {thing.name: request.form.get(thing.name, "").strip() for thing in THINGS}
    wishes = {
        name: int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text
        for name, text in typed.items()
        if text or request.form.get(name) is not None
    }
    try:
        await RetentionService(request.uow, request.deps).choose(wishes)
    except Invalid as error:
        return await _page(request, typed, error.fields)
    return request.redirect("/settings/retention", notice=request.t("Saved. It counts from now on."))


async def _page(request: PageRequest, typed: Mapping[str, str], faults: Mapping[str, str]) -> web.Response:
    holds = await RetentionService(request.uow, request.deps).holds()
    return request.page(
        "access/retention.html", status=422 if faults else 200, holds=holds, typed=typed, faults=faults,
        may_edit=request.viewer.rights.get("settings.edit") == "all",
    )  # fmt: skip


routes = (
    Route(
        method="GET", path="/settings/retention", handler=show, right="settings.view", name="access.retention"
    ),
    Route(
        method="POST", path="/settings/retention", handler=change, right="settings.edit",
        name="access.change_retention",
    ),
)  # fmt: skip
