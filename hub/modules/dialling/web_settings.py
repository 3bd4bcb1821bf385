"""The settings page of calling out: in a shop owner's words; what only the PBX's keeper knows stands last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi, RoleView
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.api import DiallingApi, DialSettings
from hub.modules.dialling.rules_settings import (
    ANSWERS,
    FORMATS,
    TECHNOLOGIES,
    LineRule,
    RoleRule,
    lines_of,
    whole,
    words_of,
)
from hub.modules.dialling.scope import CALL, SETTINGS

HOME = "/settings/dialling"
W = TypeVar("W", bound=str)


async def show(request: PageRequest) -> web.StreamResponse:
    """The form as things stand."""
    return await _page(request, await request.apis.of(DiallingApi).settings.read(), {})


async def save(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    settings = await _typed(request)
    try:
        await request.apis.of(DiallingApi).settings.save(settings)
    except Invalid as error:
        return await _page(request, settings, error.fields)
    return request.redirect(HOME, notice=request.t("Saved."))


async def _typed(request: PageRequest) -> DialSettings:
    form = request.form
    phones = {
        extension: answer
        for extension, _ in await _phones(request)
        if (answer := _one_of(form.get(f"phone-{extension}", ""), ANSWERS)) is not None
    }
    lines = {
        line.number: LineRule(
            context=form.get(f"context-{line.number}", "").strip()[:80],
            format=_one_of(form.get(f"format-{line.number}", ""), FORMATS),
        )
        for line in await request.apis.of(CallsApi).lines()
    }
    return DialSettings(
        context=form.get("context", "").strip()[:80],
        technology=_one_of(form.get("technology", ""), TECHNOLOGIES) or "PJSIP",
        format=_one_of(form.get("format", ""), FORMATS) or "national",
        presented=form.get("presented", "").replace(" ", "")[:32],
        ring_seconds=whole(form.get("ring_seconds", "")),
        auto_answer=_one_of(form.get("auto_answer", ""), ANSWERS) or "none",
        blocked=words_of(form.get("blocked", "")[:4000]),
        reasons=lines_of(form.get("reasons", "")[:1000]),
        roles={role.id: _rule(request, role.id) for role in await _roles(request)},
        phones=phones,
        lines=lines,
    )


def _rule(request: PageRequest, role: str) -> RoleRule:
    form = request.form
    return RoleRule(
        countries=words_of(form.get(f"countries-{role}", "")[:2000].upper()),
        prefixes=words_of(form.get(f"prefixes-{role}", "")[:4000]),
        per_hour=whole(form.get(f"per_hour-{role}", "")),
        per_day=whole(form.get(f"per_day-{role}", "")),
    )


def _one_of(text: str, allowed: Sequence[W]) -> W | None:
    return next((one for one in allowed if one == text), None)


async def _roles(request: PageRequest) -> list[RoleView]:
    """The roles that may call out at all."""
    roles = await request.apis.of(AccessApi).roles.all()
    return [one for one in roles if CALL in one.rights]


async def _phones(request: PageRequest) -> list[tuple[str, str]]:
    """Every phone of ours, and whose it is."""
    people = await request.apis.of(AccessApi).list_people(only_active=True)
    return sorted((extension, one.name) for one in people for extension in one.extensions)


async def _page(
    request: PageRequest, settings: DialSettings, faults: Mapping[str, str]
) -> web.StreamResponse:
    country = request.deps.places.of(request.viewer.shop_id).country
    return request.page(
        "dialling/settings.html", status=422 if faults else 200, settings=settings, faults=faults,
        roles=await _roles(request), phones=await _phones(request), country=country,
        lines=await request.apis.of(CallsApi).lines(),
    )  # fmt: skip


routes = (
    Route(method="GET", path=HOME, handler=show, right=SETTINGS, name="dialling.settings"),
    Route(method="POST", path=HOME, handler=save, right=SETTINGS, name="dialling.save_settings"),
)
