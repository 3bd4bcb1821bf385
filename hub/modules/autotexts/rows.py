"""Automatic messages as people read them: rules with what they did, decisions with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.kernel.masking import Dialable, Words
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.autotexts.api import AutoTextsApi, RuleCounts, RuleView, RunReason, RunView
from hub.modules.autotexts.rules_texts import VARIABLES
from hub.modules.autotexts.scope import EDIT, shops_of
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.api import MessagingApi


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule in the list. `address` leads to it; `waits_for` in words; `text` in the viewer's language."""

    rule: RuleView
    title: Words
    address: str
    waits_for: str
    text: Words
    shop: str
    counts: RuleCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """The list."""

    rows: tuple[RuleRow, ...]
    has_channels: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What was, or would have been, decided: whom, when, why not."""

    at: datetime
    title: Words
    client_id: str | None
    number: Dialable | None
    call_id: str | None
    is_sent: bool
    is_waiting: bool
    reason: str
    text: Words
    rule: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a rule's form offers."""

    triggers: Mapping[str, str]
    shops: Mapping[str, str]
    channels: tuple[str, ...]
    variables: Mapping[str, str]


async def page_of(request: PageRequest) -> RulesPage:
    """Every rule, ready ones that are off included."""
    api = request.apis.of(AutoTextsApi)
    counts, names = await api.log.counts(), await request.apis.of(AccessApi).shop_names()
    shops: dict[str, str] = {str(shop_id): name for shop_id, name in names.items()}
    rows = [
        RuleRow(
            rule=rule, title=request.t(rule.title), address=address_of(rule),
            waits_for=waits_for(request, rule.entry.trigger), text=_text(request, rule),
            shop=shops.get(rule.entry.shop_id or "", ""), counts=counts.get(rule.id, RuleCounts()),
        )
        for rule in await api.rules.all(shops_of(request))
    ]  # fmt: skip
    return RulesPage(rows=tuple(rows), has_channels=bool(request.apis.of(MessagingApi).channels.names()))


def address_of(rule: RuleView) -> str:
    """The last part of a rule's address."""
    return rule.id or f"ready-{rule.entry.recipe}"


def waits_for(request: PageRequest, trigger: str) -> str:
    """A trigger in words; of a module that is off its bare name."""
    found = next((one for one in request.deps.triggers if one.name == trigger), None)
    return request.t(found.title) if found is not None else trigger


async def choices_of(request: PageRequest, rule: RuleView) -> Choices:
    """For the form."""
    triggers = {one.name: request.t(one.title) for one in request.deps.triggers}
    chosen = next((one for one in request.deps.triggers if one.name == rule.entry.trigger), None)
    names, mine = await request.apis.of(AccessApi).shop_names(), shops_of(request, EDIT)
    words = _variables(request)
    brought = chosen.values if chosen is not None else ()
    return Choices(
        triggers=triggers,
        shops={str(shop): name for shop, name in names.items() if mine is None or shop in mine},
        channels=tuple(request.apis.of(MessagingApi).channels.names()),
        variables={name: words.get(name, "") for name in (*VARIABLES, *brought)},
    )  # fmt: skip


async def log_rows(request: PageRequest, runs: Sequence[RunView]) -> tuple[DecisionRow, ...]:
    """Decisions with names."""
    clients = await _titles(request, [run.client_id for run in runs])
    known = await request.apis.of(AutoTextsApi).rules.all(shops_of(request))
    rules = {rule.id: request.t(rule.title) for rule in known if rule.id}
    return tuple(
        DecisionRow(
            at=run.happened_at, title=clients.get(run.client_id or "", ""), client_id=run.client_id,
            number=run.number, call_id=run.call_id, is_sent=run.state == "sent",
            is_waiting=run.state == "waiting", reason=reason_in_words(request, run.reason, run.detail),
            text="", rule=rules.get(run.rule_id, ""),
        )
        for run in runs
    )  # fmt: skip


async def rehearsed_rows(request: PageRequest, rule: RuleView) -> tuple[DecisionRow, ...]:
    """The dry run with names."""
    found = await request.apis.of(AutoTextsApi).log.rehearse(rule.entry, shops_of(request))
    clients = await _titles(request, [one.client_id for one in found])
    return tuple(
        DecisionRow(
            at=one.at, title=clients.get(one.client_id or "", ""), client_id=one.client_id, number=one.number,
            call_id=one.call_id, is_sent=not one.reason, is_waiting=False,
            reason=reason_in_words(request, one.reason, one.detail), text=one.text,
        )
        for one in found
    )  # fmt: skip


async def _titles(request: PageRequest, ids: Sequence[str | None]) -> dict[str, str]:
    wanted = {one for one in ids if one is not None}
    clients = await request.apis.of(CrmApi).clients_by_ids(wanted) if wanted else {}
    return {client.id: client.title for client in clients.values()}


def _text(request: PageRequest, rule: RuleView) -> str:
    shop = request.deps.settings.shop.language
    texts = rule.entry.texts
    return texts.get(request.viewer.language or shop) or texts.get(shop) or next(iter(texts.values()), "")


def _variables(request: PageRequest) -> dict[str, str]:
    return {
        "name": request.t("the client’s name"),
        "car": request.t("their car"),
        "shop": request.t("the name of the shop"),
        "address": request.t("its address"),
        "phone": request.t("its number"),
        "hours": request.t("when it is open next"),
        "time": request.t("until when we ring back"),
        "link": request.t("a link into the Telegram bot"),
        "map": request.t("a map’s link to the shop"),
        "requisites": request.t("its requisites: account, tax number"),
    }


def reason_in_words(request: PageRequest, reason: RunReason, detail: str = "") -> str:
    """Why it waits or was not sent. Empty: it was."""
    said: dict[str, str] = {
        "rule_off": request.t("The rule was switched off."),
        "stale": request.t("It was too late: nobody wants it any more."),
        "rung_back": request.t("A colleague is ringing them back."),
        "talking": request.t("They are being talked to."),
        "settled": request.t("They were talked to already, or wrote."),
        "too_often": request.t("They got this message only lately."),
        "hours": request.t("Not at this hour, the rule says."),
        "who": request.t("Not for such clients, the rule says."),
        "way": request.t("Not for calls in this direction, the rule says."),
        "line": request.t("Not for this line, the rule says."),
        "tags": request.t("The client has none of the tags."),
        "segments": request.t("The client is in none of the segments."),
        "results": request.t("The call had another result."),
        "landline": request.t("The number is no mobile: it takes no texts."),
        "no_number": request.t("The number is withheld: there is nobody to write to."),
        "not_client": request.t("This is no client of the shop."),
        "no_channel": request.t("There is no channel by which they can be written to."),
        "not_filled": request.t("Something in the text is not known: {names}.", names=detail),
        "no_text": request.t("Nothing was left of the text."),
        "quiet_hours": request.t("Quiet hours: it waits for their end."),
        "no_consent": request.t("They have not agreed to advertising."),
        "withdrawn": request.t("They have withdrawn their consent."),
        "blocked": request.t("They have asked for no messages at all."),
        "provider_blocked": request.t("They take no messages of ours on this channel."),
        "archived": request.t("The client is archived."),
        "blacklisted": request.t("The client stands on the black list."),
        "undelivered": request.t("No channel has delivered it."),
        "doubtful": request.t("Nobody knows whether it has arrived; it is not sent again."),
        "no_public_url": request.t(
            "Clients could not end this advertising: Pitline has no public address (HUB_SERVER__PUBLIC_URL)."
        ),
        "put_right": request.t("It was put right before this left."),
        "refused": request.t("It was refused: {why}", why=request.t(detail)),
    }
    return said.get(reason, "")
