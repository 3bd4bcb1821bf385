"""Requests of providers that were refused or could not be read: why, tried again, thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from hub.kernel.hooks.refused import Kept
from webui.pipeline import FreeRoute
from webui.request import Request

HOME = "/system/hooks"
PAGE = 50
VIEW, MANAGE = "system.view", "system.manage"


@dataclass(frozen=True, slots=True)
class _Shown:
    kept: Kept
    fields: tuple[str, ...]


async def show(request: Request) -> web.StreamResponse:
    """Newest first; `kind=failed` shows what could not be read; `before` goes on."""
    refused = request.site.installation.refused_hooks
    is_refused = request.query.get("kind") != "failed"
    before = request.query.get("before")
    found = await refused.page(is_refused=is_refused, before=before, limit=PAGE + 1)
    home = HOME if is_refused else f"{HOME}?kind=failed"
    values: dict[str, Any] = {
        "shown": [_Shown(one, _fields(request, one)) for one in found[:PAGE]],
        "state": await refused.state(),
        "is_refused": is_refused,
        "following": _following(found, is_refused),
        "first": home if before else "",
    }
    return request.page("hooks.html", **values)


async def again(request: Request) -> web.StreamResponse:
    """Judge all of them anew, or one."""
    refused = request.site.installation.refused_hooks
    async with request.writing() as uow:
        taken, left = await refused.again(uow, request.path.get("id"))
    said = request.t("Taken now: {taken}. Still refused: {left}.", taken=taken, left=left)
    return request.redirect(HOME, notice=said)


async def drop(request: Request) -> web.StreamResponse:
    """It was nothing of ours."""
    refused = request.site.installation.refused_hooks
    async with request.writing() as uow:
        await refused.drop(uow, request.path["id"])
    return request.redirect(HOME, notice=request.t("It is thrown away."))


def _following(found: Sequence[Kept], is_refused: bool) -> str:
    if len(found) <= PAGE:
        return ""
    return f"{HOME}?kind={'refused' if is_refused else 'failed'}&before={found[PAGE - 1].id}"


def _fields(request: Request, kept: Kept) -> tuple[str, ...]:
    """What stands in it, a form's fields a line each: for whoever may see numbers, of every shop."""
    viewer = request.viewer
    if not viewer.sees_numbers or viewer.rights.get(VIEW) != "all" or not kept.text:
        return ()
    lines = [unquote_plus(part) for part in kept.text.split("&")]
    return tuple("".join(char if char.isprintable() else "�" for char in line) for line in lines)


routes = (
    FreeRoute(method="GET", path=HOME, handler=show, right=VIEW, name="system.hooks"),
    FreeRoute(method="POST", path=f"{HOME}/again", handler=again, right=MANAGE, name="system.hooks_again"),
    FreeRoute(
        method="POST", path=HOME + "/{id}/again", handler=again, right=MANAGE, name="system.hook_again"
    ),
    FreeRoute(
        method="POST", path=HOME + "/{id}/drop", handler=drop, right=MANAGE, name="system.hook_dropped"
    ),
)
