"""The pages of automatic messages. Thin: parse, ask, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.texts import LANGUAGES
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.autotexts.api import RECIPES, AutoTextsApi, RuleEntry, RuleView
from hub.modules.autotexts.forms import entered, entry_in, shown
from hub.modules.autotexts.rows import Choices, choices_of, log_rows, page_of, rehearsed_rows
from hub.modules.autotexts.scope import EDIT, VIEW, shops_of

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

PAGE = "/settings/auto-messages"
_ROWS = 50
_NEW = "new"


async def show(request: PageRequest) -> web.StreamResponse:
    """Every rule with its switch and what it did in the last week."""
    return request.page("autotexts/index.html", page=await page_of(request))


async def switch(request: PageRequest) -> web.StreamResponse:
    """On or off; a ready rule becomes the shop's own when it is switched on first."""
    rules, is_on = request.apis.of(AutoTextsApi).rules, request.form.get("is_on", "") == "1"
    rule_id, recipe = request.form.get("id", ""), request.form.get("recipe", "")
    shops = shops_of(request, EDIT)
    if rule_id:
        await rules.switch(rule_id, is_on, shops)
    elif recipe not in RECIPES:
        raise Invalid("autotexts.form", "The form came broken.", "Reload the page and try again.")
    else:
        ready = await rules.recipe(recipe)
        try:
            made = await rules.save(entered_ready(request, ready), shops=shops)
        except Invalid:  # something of it has to be said first: for whom, which days
            return request.redirect(f"{PAGE}/ready-{recipe}", notice=request.t("Say first for whom it is."))
        await rules.switch(made.id, is_on, shops)
    notice = request.t("It is on.") if is_on else request.t("It is off.")
    return request.redirect(PAGE, notice=notice)


async def edit(request: PageRequest) -> web.StreamResponse:
    """One rule: its form, what it would have done, what it did."""
    rule = await _rule(request)
    return await _form(request, rule, entered(rule.entry), {})


async def save(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    rule, form = await _rule(request, EDIT), {name: str(value) for name, value in request.form.items()}
    form["channels"] = ",".join(request.form.getall("channels", []))
    try:
        entry, rev = entry_in(rule, form)
        saved = await request.apis.of(AutoTextsApi).rules.save(
            entry, rule.id or None, rev, shops_of(request, EDIT)
        )
    except Invalid as faults:
        return await _form(request, rule, shown(form), faults.fields)
    return request.redirect(f"{PAGE}/{saved.id}", notice=request.t("Saved."))


async def remove(request: PageRequest) -> web.StreamResponse:
    """The log of what it did stays."""
    await request.apis.of(AutoTextsApi).rules.remove(request.path["id"], shops_of(request, EDIT))
    return request.redirect(PAGE, notice=request.t("Removed."))


async def rehearse(request: PageRequest) -> web.StreamResponse:
    """What would have gone out in the last week by this rule as it is saved."""
    rule = await _rule(request)
    rows = await rehearsed_rows(request, rule)
    return request.page("autotexts/rehearsal.html", rule=rule, rows=rows, address=_address(rule))


async def log(request: PageRequest) -> web.StreamResponse:
    """Every decision with its reason, newest first; of one rule where it is named."""
    rule_id = request.query.get("rule") or None
    cursor = request.query.get("after") or None
    found = await request.apis.of(AutoTextsApi).log.page(
        rule_id=rule_id, shops=shops_of(request), cursor=cursor, limit=_ROWS
    )
    rows = await log_rows(request, found.items)
    following = f"{PAGE}/log?" + (f"rule={rule_id}&" if rule_id else "") + f"after={found.next}"
    return request.page(
        "autotexts/log.html", rows=rows, following=following if found.next else "",
        first=f"{PAGE}/log" if cursor else "",
    )  # fmt: skip


async def _rule(request: PageRequest, right: str = VIEW) -> RuleView:
    """The rule of the address: one that there is, a ready one, or an empty form."""
    rules, named = request.apis.of(AutoTextsApi).rules, request.path["id"]
    if named == _NEW:
        trigger = next(iter(rules.triggers))
        return RuleView(id="", rev=0, entry=RuleEntry(trigger=trigger, title="", texts={}))
    if named.startswith("ready-"):
        ready = await rules.recipe(named.removeprefix("ready-"))
        return RuleView(id="", rev=0, entry=entered_ready(request, ready))
    return await rules.one(named, shops_of(request, right))


def entered_ready(request: PageRequest, ready: RuleView) -> RuleEntry:
    """A ready rule with its name in the viewer's language."""
    return replace(ready.entry, title=request.t(ready.entry.title))


async def _form(
    request: PageRequest, rule: RuleView, form: Mapping[str, str], faults: Mapping[str, str]
) -> web.StreamResponse:
    choices: Choices = await choices_of(request, rule)
    return request.page(
        "autotexts/rule.html", rule=rule, form=form, choices=choices, languages=LANGUAGES,
        faults={name: request.t(text) for name, text in faults.items()}, address=_address(rule),
        status=422 if faults else 200,
    )  # fmt: skip


def _address(rule: RuleView) -> str:
    if rule.id:
        return f"{PAGE}/{rule.id}"
    return f"{PAGE}/ready-{rule.entry.recipe}" if rule.entry.recipe else f"{PAGE}/{_NEW}"


def _route(method: Method, path: str, handler: Handler, right: str) -> Route:
    return Route(method=method, path=path, handler=handler, right=right, name=f"autotexts.{handler.__name__}")


routes = (
    _route("GET", PAGE, show, VIEW),
    _route("POST", PAGE, switch, EDIT),
    _route("GET", PAGE + "/log", log, VIEW),
    _route("GET", PAGE + "/{id}", edit, VIEW),
    _route("POST", PAGE + "/{id}", save, EDIT),
    replace(_route("GET", PAGE + "/{id}/dry-run", rehearse, VIEW), is_heavy=True),
    _route("POST", PAGE + "/{id}/remove", remove, EDIT),
)
