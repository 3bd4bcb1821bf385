"""A client's consents: how they stand, every word about them, a form to record one. Thin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import cast

from aiohttp import web

from hub.errors import Conflict, Invalid, NotAllowed
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.consents.api import FORMS, Act, ConsentEntry, ConsentsApi, Subject, Topic
from hub.modules.consents.scope import GRANT, OPT_OUT, VIEW
from hub.modules.consents.words import entry_words, form_words, standing_words, topic_words
from hub.modules.crm.api import CrmApi

PAGE = "/clients/{id}/consents"
_FIELDS = ("topic", "act", "form", "channel", "source", "evidence", "at")
_WHAT: Mapping[str, tuple[Topic, Act]] = {
    "yes": ("marketing", "granted"),
    "no": ("marketing", "withdrawn"),
    "no_service": ("service", "withdrawn"),
    "yes_service": ("service", "granted"),
    "none_at_all": ("all", "blocked"),
    "again": ("all", "restored"),
}


async def show(request: PageRequest) -> web.StreamResponse:
    """How it stands, and the history, the newest first."""
    return await _page(request, {}, {})


async def record(request: PageRequest) -> web.StreamResponse:
    """What somebody said or signed; a yes needs the right for it and, for advertising, its proof."""
    form = {name: request.form.get(name, "")[:2100] for name in ("what", *_FIELDS)}
    topic, act = _WHAT.get(form["what"], ("", ""))
    if act in ("granted", "restored") and not request.viewer.can(GRANT):
        raise NotAllowed(
            "access.no_right", "You have no right to do this.", "Ask the owner for it.",
            data={"right": GRANT},
        )  # fmt: skip
    try:
        if not act or form["form"] not in FORMS:
            missing = {"what" if not act else "form": "Choose one."}
            raise Invalid("consents.entry", "Something is missing or wrong.", fields=missing)
        entry = ConsentEntry(
            subject=Subject(client_id=request.path["id"]), topic=cast("Topic", topic), act=cast("Act", act),
            form=form["form"], channel=form["channel"], source=form["source"],
            evidence=form["evidence"], at=_moment(request, form["at"]), author=request.viewer.name,
        )  # fmt: skip
        await request.apis.of(ConsentsApi).ledger.record(entry)
    except (Invalid, Conflict) as error:
        fields = error.fields if isinstance(error, Invalid) else {}
        return await _page(request, form, {**fields, "": error.text, "hint": error.hint})
    return request.redirect(f"/clients/{request.path['id']}/consents", notice=request.t("Saved."))


def _moment(request: PageRequest, text: str) -> datetime | None:
    """The day on the paper, at its beginning; today means now."""
    if not text:
        return None
    zone = request.deps.places.of(request.viewer.shop_id).zone
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone).date()
    except ValueError as error:
        words = {"at": "A day like 2026-05-31."}
        raise Invalid("consents.entry", "Something is missing or wrong.", fields=words) from error
    now = request.deps.clock.now()
    return None if day == now.astimezone(zone).date() else datetime.combine(day, time.min, zone)


async def _page(
    request: PageRequest, form: Mapping[str, str], faults: Mapping[str, str]
) -> web.StreamResponse:
    client = await request.apis.of(CrmApi).client(request.path["id"])
    if client.id != request.path["id"]:
        return request.redirect(f"/clients/{client.id}/consents")
    known = await request.apis.of(ConsentsApi).ledger.read(Subject(client_id=client.id))
    people = {one.id: one.name for one in await request.apis.of(AccessApi).list_people(only_active=False)}
    return request.page(
        "consents/client.html", status=422 if faults else 200, client=client, known=known, faults=faults,
        form=form, rows=[(one, entry_words(request, one), _who(one.actor, people)) for one in known.entries],
        standings=standing_words(request), forms=[(one, form_words(request)[one]) for one in FORMS],
        all_forms=form_words(request), topics=topic_words(request),
    )  # fmt: skip


def _who(actor: str | None, people: Mapping[str, str]) -> str:
    kind, _, one = (actor or "").partition(":")
    return people.get(one, "") if kind == "person" else ""


routes = (
    Route(method="GET", path=PAGE, handler=show, right=VIEW, name="consents.client"),
    Route(method="POST", path=PAGE, handler=record, right=OPT_OUT, name="consents.record"),
)
