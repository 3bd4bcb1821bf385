"""Birthdays and seasons: who is greeted today. Writes runs for a stretch of clients at a time; the run of a
client and year is written once, whatever happens. Never commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.triggers import Occurrence
from hub.modules.autotexts.models import Rule, Run
from hub.modules.autotexts.rules_yearly import BIRTHDAY, YEARLY, days_between, greeted_at, season_of
from hub.modules.autotexts.service_rules import RuleService
from hub.modules.autotexts.service_runs import RunService
from hub.modules.autotexts.views import RuleView
from hub.modules.crm.api import ClientFilter, ClientView, CrmApi
from hub.values import ShopId

STRETCH = 200


class YearlyService:
    """Finds clients, and hands them to the runs."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._rules = RuleService(uow, deps)
        self._runs = RunService(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def rules(self) -> tuple[RuleView, ...]:
        """Those that are on."""
        query = select(Rule.id).where(Rule.trigger.in_(YEARLY), Rule.is_on.is_(True)).order_by(Rule.id)
        return tuple([await self._rules.one(one) for one in (await self._session.scalars(query)).all()])

    async def greet(
        self, rule: RuleView, shop_id: ShopId, now: datetime, cursor: str | None
    ) -> tuple[int, str | None]:
        """A stretch of the clients whom the rule greets today: how many are new, and where it goes on."""
        zone = self._deps.places.of(shop_id).zone
        day = now.astimezone(zone).date()
        at = greeted_at(day, zone)
        if now < at:
            return 0, None
        clients, cause, following = await self._stretch(rule, day, cursor)
        new = 0
        for client in await self._fresh(rule.id, cause, clients):
            one = occurrence_of(rule.entry.trigger, client, cause, at, shop_id)
            new += await self._runs.happened_to(rule, one)
        return new, following

    async def _stretch(
        self, rule: RuleView, day: date, cursor: str | None
    ) -> tuple[list[ClientView], str, str | None]:
        """Clients, what their causes begin with, and where it goes on."""
        if rule.entry.trigger == BIRTHDAY:
            found = await self._crm.birthdays(day, after=cursor or "", limit=STRETCH)
            return found, f"birthday:{day.year}", found[-1].id if len(found) == STRETCH else None
        conditions = rule.entry.conditions
        year = season_of(conditions.begins, conditions.ends, day)
        if year is None:
            return [], "", None
        found, following = await self.meant(rule, cursor)
        return found, f"season:{year}", following

    async def meant(self, rule: RuleView, cursor: str | None) -> tuple[list[ClientView], str | None]:
        """A stretch of the clients that a season is for."""
        conditions = rule.entry.conditions
        where = ClientFilter(
            relation="client", segment=conditions.segments[0] if len(conditions.segments) == 1 else ""
        )
        page = await self._crm.clients(where, cursor=cursor, limit=STRETCH)
        return [
            one
            for one in page.items
            if (not conditions.segments or set(conditions.segments) & set(one.segments))
            and (not conditions.tags or set(conditions.tags) & set(one.tags))
        ], page.next

    async def _fresh(self, rule_id: str, cause: str, clients: list[ClientView]) -> list[ClientView]:
        """Those that this rule has not looked at yet."""
        causes = [f"{cause}:{one.id}" for one in clients]
        query = select(Run.cause).where(Run.rule_id == rule_id, Run.cause.in_(causes))
        known = set((await self._session.scalars(query)).all())
        return [one for one in clients if f"{cause}:{one.id}" not in known]


def occurrence_of(trigger: str, client: ClientView, cause: str, at: datetime, shop_id: ShopId) -> Occurrence:
    """A client's day."""
    return Occurrence(
        trigger=trigger, cause=f"{cause}:{client.id}", at=at, shop_id=shop_id, client_id=client.id
    )


async def past_birthdays(
    uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
) -> list[Occurrence]:
    """Those of some days, for a dry run."""
    zone, found = deps.places.of(shop_id).zone, list[Occurrence]()
    for day in days_between(since, until, zone):
        for client in await CrmApi(uow, deps).birthdays(day, limit=STRETCH):
            found.append(
                occurrence_of(BIRTHDAY, client, f"birthday:{day.year}", greeted_at(day, zone), shop_id)
            )
    return found
