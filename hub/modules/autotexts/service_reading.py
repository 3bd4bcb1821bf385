"""The log of decisions, what they add up to, and the dry run over the last week. Reads only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import cursor_of, place_in
from hub.kernel.triggers import Occurrence
from hub.modules.access.api import AccessApi
from hub.modules.autotexts.models import Run
from hub.modules.autotexts.rules import judge, stale_at
from hub.modules.autotexts.rules_texts import text_for, variables_in, written
from hub.modules.autotexts.rules_yearly import SEASON
from hub.modules.autotexts.service_facts import FactService
from hub.modules.autotexts.service_leaving import LeavingService
from hub.modules.autotexts.service_yearly import YearlyService, occurrence_of
from hub.modules.autotexts.views import (
    RehearsedView,
    RuleCounts,
    RuleEntry,
    RuleView,
    RunPage,
    RunReason,
    RunView,
)
from hub.modules.consents.api import ConsentsApi
from hub.modules.crm.api import ClientView
from hub.values import ShopId

DAYS = 7
MOST = 200
"""Occurrences that a dry run looks at: the newest."""
Shops = frozenset[ShopId] | None


class LogService:
    """What was decided, and what would have been."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._facts = FactService(uow, deps)
        self._leaving = LeavingService(uow, deps)
        self._consents = ConsentsApi(uow, deps)

    async def page(self, *, rule_id: str | None, shops: Shops, cursor: str | None, limit: int) -> RunPage:
        """Newest first."""
        conditions: list[ColumnElement[bool]] = []
        if rule_id is not None:
            conditions.append(Run.rule_id == rule_id)
        if shops is not None:
            conditions.append(Run.shop_id.in_(sorted(shops)))
        if cursor is not None:
            at, row_id = place_in(cursor)
            conditions.append(or_(Run.happened_at < at, and_(Run.happened_at == at, Run.id < row_id)))
        query = select(Run).where(*conditions).order_by(Run.happened_at.desc(), Run.id.desc())
        rows = (await self._session.scalars(query.limit(limit + 1))).all()
        items = tuple(_view(row) for row in rows[:limit])
        more = cursor_of(items[-1].happened_at, items[-1].id) if len(rows) > limit else None
        return RunPage(items=items, next=more)

    async def counts(self) -> dict[str, RuleCounts]:
        """Of the last seven days, by rule."""
        since = self._clock.now() - timedelta(days=DAYS)
        query = select(Run.rule_id, Run.state, func.count()).where(Run.happened_at >= since)
        found: dict[str, RuleCounts] = {}
        for rule_id, state, count in (
            await self._session.execute(query.group_by(Run.rule_id, Run.state))
        ).all():
            found[rule_id] = replace(found.get(rule_id, RuleCounts()), **{state: count})
        return found

    async def rehearse(self, rule: RuleEntry, shops: Shops) -> tuple[RehearsedView, ...]:
        """What would have gone out in the last week, and why not, the newest first: by the consents and
        records of today, without what went on at those moments (talks, call-backs)."""
        trigger = next((one for one in self._deps.triggers if one.name == rule.trigger), None)
        now = self._clock.now()
        if rule.trigger == SEASON:
            return await self._season(rule, shops, now)
        if trigger is None or trigger.past is None:
            return ()
        past: list[Occurrence] = []
        for shop in await AccessApi(self._uow, self._deps).list_shops():
            if rule.shop_id not in (None, shop.id) or (shops is not None and shop.id not in shops):
                continue
            past += await trigger.past(self._uow, self._deps, shop.id, now - timedelta(days=DAYS), now)
        past = sorted({one.cause: one for one in past}.values(), key=lambda one: (one.at, one.cause))
        rule, last = replace(rule, is_on=True), dict[str, datetime]()
        shown = [await self._rehearsed(rule, one, last) for one in past[-MOST:]]
        return tuple(reversed(shown))

    async def _season(self, rule: RuleEntry, shops: Shops, now: datetime) -> tuple[RehearsedView, ...]:
        """As if the season were now: everybody whom it is for."""
        shop_id = rule.shop_id or self._uow.shop_id
        if shops is not None and shop_id not in shops:
            return ()
        yearly, cursor = YearlyService(self._uow, self._deps), None
        meant: list[ClientView] = []
        while len(meant) < MOST:
            found, cursor = await yearly.meant(RuleView(id="", rev=0, entry=rule), cursor)
            meant += found
            if cursor is None:
                break
        rule, last = replace(rule, is_on=True), dict[str, datetime]()
        ones = [occurrence_of(SEASON, one, "season", now, shop_id) for one in meant[:MOST]]
        return tuple([await self._rehearsed(rule, one, last) for one in ones])

    async def _rehearsed(self, rule: RuleEntry, one: Occurrence, last: dict[str, datetime]) -> RehearsedView:
        client = await self._facts.client(one)
        known = (client.id if client is not None else None, one.number, one.conversation_id)
        whose = [name for name in known if name is not None]
        then = one.at + timedelta(seconds=rule.delay_seconds)
        last_at = max((last[name] for name in whose if name in last), default=None)
        facts = await self._facts.facts(one, client, then, last_at, is_past=True)
        reason: RunReason = judge(rule, facts).reason
        text, detail = "", ""
        if not reason:
            reason = await self._consent(rule, one, client, then)
        if not reason:
            reason, text, detail = await self._text(rule, one, client)
        if not reason:
            last.update(dict.fromkeys(whose, then))
        return RehearsedView(
            at=one.at, client_id=client.id if client is not None else None, number=one.number,
            call_id=one.call_id, reason=reason, detail=detail, text=text,
        )  # fmt: skip

    async def _consent(
        self, rule: RuleEntry, one: Occurrence, client: ClientView | None, then: datetime
    ) -> RunReason:
        sending = await self._facts.sending(rule, one, client, then)
        verdict = await self._consents.may_send(sending)
        if verdict.is_held and verdict.until is not None:
            return "stale" if verdict.until > stale_at(rule, one.at) else ""
        if verdict.is_yes and not self._leaving.is_possible(rule):
            return "no_public_url"
        return "not_client" if verdict.code == "not_a_client" else verdict.code

    async def _text(
        self, rule: RuleEntry, one: Occurrence, client: ClientView | None
    ) -> tuple[RunReason, str, str]:
        language = await self._facts.language(one, client)
        text, _ = text_for(rule.texts, language, self._deps.settings.shop.language)
        said, missing = written(text, await self._facts.values(one, client, variables_in(text), ""))
        if missing:
            return "not_filled", "", ", ".join(missing)
        return ("", said, "") if said else ("no_text", "", "")


def _view(row: Run) -> RunView:
    return RunView(
        id=row.id, rule_id=row.rule_id, shop_id=row.shop_id, trigger=row.trigger, cause=row.cause,
        client_id=row.client_id, number=row.number, call_id=row.call_id, task_id=row.task_id, state=row.state,
        reason=row.reason, detail=row.detail, message_id=row.message_id, channel=row.channel,
        happened_at=row.happened_at, due_at=row.due_at, decided_at=row.decided_at,
    )  # fmt: skip
