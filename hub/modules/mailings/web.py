"""Pages of mailings. Thin: parse, ask the api, render."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from aiohttp import web

from hub.errors import Conflict, HubError, Invalid
from hub.kernel.web import Badge, PageRequest, Route
from hub.modules.crm.api import CrmApi
from hub.modules.mailings.api import STATES, MailingsApi, MailingView, RowState
from hub.modules.mailings.charts import bars, strip
from hub.modules.mailings.forms import BLANK, PACE, PLACES, ask_count, entry_of, rev_of, typed, typed_of
from hub.modules.mailings.rules import REASONS, may
from hub.modules.mailings.rules_texts import LONGEST_TEXT, LONGEST_TITLE, VARIABLES
from hub.modules.mailings.scope import APPROVE, EDIT, EXPORT, VIEW, shops_of
from hub.modules.messaging.api import MessagingApi

HOME = "/mailings"
_PAGE = 30
_ROWS = 100


async def badge(request: PageRequest) -> Badge:
    """Those that wait for a second person, for whoever may be it."""
    if not request.viewer.can(APPROVE):
        return Badge(count=0)
    count = await request.apis.of(MailingsApi).reading.waiting(shops_of(request, APPROVE))
    return Badge(count=count, text=request.t("Mailings that wait for approval: {count}", count=count))


async def show_list(request: PageRequest) -> web.StreamResponse:
    """The mailings, newest first."""
    query = request.query
    state = next((one for one in STATES if one == query.get("state")), None)
    page = await request.apis.of(MailingsApi).reading.page(
        shops_of(request), state=state, cursor=query.get("cursor") or None, limit=_PAGE
    )
    values: dict[str, Any] = {"page": page, "state": state, "states": STATES, "may_edit": _may_edit(request)}
    if query.get("part") == "list":
        return request.fragment("mailings/rows.html", **values)
    return request.page("mailings/index.html", **values)


async def new(request: PageRequest) -> web.StreamResponse:
    """An empty form; whom the list of clients is narrowed to is filled in."""
    given = {name: request.query.get(name, "")[:200] for name in ("segment", "tag", "source", "q")}
    channels = request.apis.of(MessagingApi).channels.names()
    ways = dict(zip(PLACES, channels, strict=False))
    return await _form(request, None, {**given, **ways, "pace": str(PACE), "kind": "clients"}, {})


async def add(request: PageRequest) -> web.StreamResponse:
    """Take the form in, and look at once whom it would go to."""
    try:
        made = await request.apis.of(MailingsApi).drafts.create(entry_of(request), request.viewer.name)
    except Invalid as error:
        return await _form(request, None, typed(request), error.fields)
    await ask_count(request, made)
    return request.redirect(f"{HOME}/{made.id}")


async def edit(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    mailing = await _mailing(request, EDIT)
    return await _form(request, mailing, typed_of(request, mailing), {})


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    mailing = await _mailing(request, EDIT)
    drafts = request.apis.of(MailingsApi).drafts
    try:
        made = await drafts.change(
            mailing.id, rev_of(request.form), entry_of(request), shops_of(request, EDIT)
        )
    except (Invalid, Conflict) as error:
        return await _form(request, mailing, typed(request), _faults(error))
    if not made.is_counted:
        await ask_count(request, made)
    return request.redirect(f"{HOME}/{mailing.id}", notice=request.t("Saved."))


async def show(request: PageRequest) -> web.StreamResponse:
    """A mailing: what it says, to whom, how far it is. `part=body` is what changes."""
    mailing = await _mailing(request)
    values = await _shown(request, mailing)
    if request.query.get("part") == "body":
        return request.fragment("mailings/body.html", **values)
    return request.page("mailings/mailing.html", **values)


async def recipients(request: PageRequest) -> web.StreamResponse:
    """Its list, or a part of it."""
    mailing, query = await _mailing(request), request.query
    state = next((one for one in get_args(RowState) if one == query.get("state")), None)
    reason = next((one for one in REASONS if one == query.get("reason")), "")
    rows = await request.apis.of(MailingsApi).reading.recipients(
        mailing.id, state=state, reason=reason, cursor=query.get("cursor") or None, limit=_ROWS
    )
    return request.page(
        "mailings/recipients.html", mailing=mailing, rows=rows, state=state, reason=reason,
        states=get_args(RowState), may_export=request.viewer.can(EXPORT),
    )  # fmt: skip


async def report(request: PageRequest) -> web.StreamResponse:
    """What came of it."""
    mailing = await _mailing(request)
    found = await request.apis.of(MailingsApi).reports.of(mailing)
    return request.page(
        "mailings/report.html", mailing=mailing, report=found, bars=bars(found.by_day),
        strip=strip(mailing.sums), may_export=request.viewer.can(EXPORT),
        currency=request.deps.settings.shop.currency,
    )  # fmt: skip


async def _mailing(request: PageRequest, right: str = VIEW) -> MailingView:
    reading = request.apis.of(MailingsApi).reading
    return await reading.one(request.path["id"], shops_of(request, right))


async def _shown(request: PageRequest, mailing: MailingView) -> dict[str, Any]:
    actor = request.viewer.actor
    is_person = request.viewer.kind == "person"
    return {
        "mailing": mailing, "strip": strip(mailing.sums), "may_edit": _may_edit(request),
        "may_approve": request.viewer.can(APPROVE) and is_person, "is_own": actor in mailing.authors,
        "may_do": lambda what: may(what, mailing.state), "may_export": request.viewer.can(EXPORT),
        "previews": await _previews(request, mailing), "mobile": request.viewer.mobile,
        "currency": request.deps.settings.shop.currency,
    }  # fmt: skip


async def _previews(request: PageRequest, mailing: MailingView) -> Any:
    if not mailing.is_counted or mailing.state not in ("draft", "waiting", "scheduled"):
        return ()
    return await request.apis.of(MailingsApi).previews.of(mailing)


def _may_edit(request: PageRequest) -> bool:
    return request.viewer.can(EDIT)


def _faults(error: HubError) -> dict[str, str]:
    return dict(error.fields) if isinstance(error, Invalid) else {"form": error.text}


async def _form(
    request: PageRequest, mailing: MailingView | None, values: Mapping[str, str], faults: Mapping[str, str]
) -> web.StreamResponse:
    searching = request.apis.of(CrmApi).searching
    templates = await request.apis.of(MessagingApi).templates.all()
    return request.page(
        "mailings/form.html", status=422 if faults else 200, mailing=mailing,
        typed={**BLANK, **values}, faults=faults,
        channels=request.apis.of(MessagingApi).channels.names(), segments=await searching.segments(),
        sources=await searching.sources(), variables=VARIABLES, longest=LONGEST_TEXT,
        longest_title=LONGEST_TITLE,
        templates=[one for one in templates if one.place is None],
    )  # fmt: skip


routes = (
    Route(method="GET", path=HOME, handler=show_list, right=VIEW, name="mailings.list"),
    Route(method="GET", path=f"{HOME}/new", handler=new, right=EDIT, name="mailings.new"),
    Route(method="POST", path=f"{HOME}/new", handler=add, right=EDIT, name="mailings.create"),
    Route(method="GET", path=f"{HOME}/{{id}}", handler=show, right=VIEW, name="mailings.show"),
    Route(method="GET", path=f"{HOME}/{{id}}/edit", handler=edit, right=EDIT, name="mailings.edit"),
    Route(method="POST", path=f"{HOME}/{{id}}/edit", handler=change, right=EDIT, name="mailings.change"),
    Route(
        method="GET", path=f"{HOME}/{{id}}/recipients", handler=recipients, right=VIEW,
        name="mailings.recipients",
    ),
    Route(
        method="GET", path=f"{HOME}/{{id}}/report", handler=report, right=VIEW, name="mailings.report",
        is_heavy=True,
    ),
)  # fmt: skip
