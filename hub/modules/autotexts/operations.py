"""Automatic messages in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import ListQuery, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.autotexts.api import AutoTextsApi, Conditions, RuleEntry, RuleView
from hub.modules.autotexts.scope import EDIT, VIEW, shops_of
from hub.modules.autotexts.views import Hours, RunReason, RunState, Way, Who
from hub.modules.consents.api import Purpose
from hub.values import ShopId

Word = Annotated[str, Field(max_length=80)]


class ConditionsModel(Strict):
    """Whom a rule is for; an empty list asks nothing."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    hours: Hours = "any"
    who: Who = "any"
    way: Way = "any"
    lines: list[Word] = Field(default_factory=list, max_length=50)
    tags: list[Word] = Field(default_factory=list, max_length=50)
    segments: list[Word] = Field(default_factory=list, max_length=50)
    results: list[Word] = Field(default_factory=list, max_length=50)
    begins: Annotated[str, Field(max_length=10)] = Field("", description="Of a season: `10-15`")
    ends: Annotated[str, Field(max_length=10)] = ""


class RuleIn(Strict):
    """A rule. `texts` by language; `rev` of the rule that is replaced."""

    trigger: Annotated[str, Field(max_length=80)]
    title: Annotated[str, Field(max_length=200)]
    texts: dict[Annotated[str, Field(max_length=8)], Annotated[str, Field(max_length=4000)]]
    is_on: bool = False
    shop_id: Annotated[str, Field(max_length=40)] | None = None
    purpose: Purpose = "service"
    channels: list[Annotated[str, Field(max_length=32)]] = Field(default_factory=list, max_length=10)
    fallback_seconds: int = 0
    delay_seconds: int = 0
    stale_minutes: int = 120
    pause_hours: int = 24
    conditions: ConditionsModel = Field(default_factory=lambda: ConditionsModel.model_validate({}))
    rev: int | None = None


class RuleModel(BaseModel):
    """A rule as it stands. `id` empty: ready to be switched on, by its `recipe`."""

    id: str
    rev: int
    recipe: str
    trigger: str
    title: str
    texts: dict[str, str]
    is_on: bool
    shop_id: str | None
    purpose: Purpose
    channels: list[str]
    fallback_seconds: int
    delay_seconds: int
    stale_minutes: int
    pause_hours: int
    conditions: ConditionsModel


class RulesModel(BaseModel):
    """All of them."""

    items: list[RuleModel]
    next: None = None


class RunQuery(ListQuery):
    """Which decisions."""

    rule_id: Annotated[str, Field(max_length=26)] | None = None


class RunModel(BaseModel):
    """What was decided of one occurrence."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rule_id: str
    trigger: str
    client_id: str | None
    number: Dialable | None
    call_id: str | None
    task_id: str | None
    state: RunState
    reason: RunReason
    detail: Words
    message_id: str | None
    channel: str
    happened_at: datetime
    due_at: datetime
    decided_at: datetime | None


class RunsModel(BaseModel):
    """A stretch of the log, newest first."""

    items: list[RunModel]
    next: str | None


class RehearsedModel(BaseModel):
    """What would have become of one occurrence; an empty reason: it would have gone out."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    client_id: str | None
    number: Dialable | None
    call_id: str | None
    reason: RunReason
    detail: Words
    text: Words


class RehearsalModel(BaseModel):
    """The last seven days, newest first."""

    items: list[RehearsedModel]
    next: None = None


async def list_rules(request: PageRequest) -> RulesModel:
    """The rules, and the ready ones that are off."""
    rules = await request.apis.of(AutoTextsApi).rules.all(shops_of(request))
    return RulesModel(items=[_model(rule) for rule in rules])


async def create_rule(request: PageRequest, body: RuleIn) -> RuleModel:
    """A rule of the shop's own."""
    rules = request.apis.of(AutoTextsApi).rules
    return _model(await rules.save(_entry(body, ""), shops=shops_of(request, EDIT)))


async def read_rule(request: PageRequest) -> RuleModel:
    """One of them."""
    return _model(await request.apis.of(AutoTextsApi).rules.one(request.path["id"], shops_of(request)))


async def replace_rule(request: PageRequest, body: RuleIn) -> RuleModel:
    """Put this in its place."""
    rules, shops = request.apis.of(AutoTextsApi).rules, shops_of(request, EDIT)
    known = await rules.one(request.path["id"], shops)
    return _model(await rules.save(_entry(body, known.entry.recipe), known.id, body.rev, shops))


async def list_runs(request: PageRequest, query: RunQuery) -> RunsModel:
    """What was decided, by every rule or one."""
    page = await request.apis.of(AutoTextsApi).log.page(
        rule_id=query.rule_id, shops=shops_of(request), cursor=query.cursor, limit=query.limit
    )
    return RunsModel(items=[RunModel.model_validate(run) for run in page.items], next=page.next)


async def rehearse(request: PageRequest) -> RehearsalModel:
    """The dry run."""
    api = request.apis.of(AutoTextsApi)
    rule = await api.rules.one(request.path["id"], shops_of(request))
    found = await api.log.rehearse(rule.entry, shops_of(request))
    return RehearsalModel(items=[RehearsedModel.model_validate(one) for one in found])


def _entry(body: RuleIn, recipe: str) -> RuleEntry:
    conditions = body.conditions
    return RuleEntry(
        trigger=body.trigger, title=body.title, texts=body.texts, recipe=recipe, is_on=body.is_on,
        shop_id=ShopId(body.shop_id) if body.shop_id else None, purpose=body.purpose,
        channels=tuple(body.channels), fallback_seconds=body.fallback_seconds,
        delay_seconds=body.delay_seconds, stale_minutes=body.stale_minutes, pause_hours=body.pause_hours,
        conditions=Conditions(
            hours=conditions.hours, who=conditions.who, way=conditions.way, lines=tuple(conditions.lines),
            tags=tuple(conditions.tags), segments=tuple(conditions.segments),
            results=tuple(conditions.results), begins=conditions.begins, ends=conditions.ends,
        ),
    )  # fmt: skip


def _model(rule: RuleView) -> RuleModel:
    entry = rule.entry
    return RuleModel(
        id=rule.id, rev=rule.rev, recipe=entry.recipe, trigger=entry.trigger, title=entry.title,
        texts=dict(entry.texts), is_on=entry.is_on, shop_id=entry.shop_id, purpose=entry.purpose,
        channels=list(entry.channels), fallback_seconds=entry.fallback_seconds,
        delay_seconds=entry.delay_seconds, stale_minutes=entry.stale_minutes, pause_hours=entry.pause_hours,
        conditions=ConditionsModel.model_validate(entry.conditions),
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/auto-messages", handler=list_rules, right=VIEW, name="autotexts.rules",
        summary="Automatic messages: the rules, and ready ones that are off", result=RulesModel,
    ),
    ApiOperation(
        method="POST", path="/auto-messages", handler=create_rule, right=EDIT, name="autotexts.create",
        summary="Make a rule", body=RuleIn, result=RuleModel, status=201,
    ),
    ApiOperation(
        method="GET", path="/auto-messages/runs", handler=list_runs, right=VIEW, name="autotexts.runs",
        summary="What was decided by automatic messages, and why", query=RunQuery, result=RunsModel,
    ),
    ApiOperation(
        method="GET", path="/auto-messages/{id}", handler=read_rule, right=VIEW, name="autotexts.read",
        summary="A rule", result=RuleModel,
    ),
    ApiOperation(
        method="PUT", path="/auto-messages/{id}", handler=replace_rule, right=EDIT, name="autotexts.replace",
        summary="Change a rule", body=RuleIn, result=RuleModel,
    ),
    ApiOperation(
        method="GET", path="/auto-messages/{id}/dry-run", handler=rehearse, right=VIEW,
        name="autotexts.dry_run", summary="What a rule would have sent in the last week",
        result=RehearsalModel, is_heavy=True,
    ),
)  # fmt: skip
