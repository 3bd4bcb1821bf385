"""The rules: ready ones, the shop's own, which hold where. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import delete, select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.texts import LANGUAGES
from hub.kernel.triggers import Trigger
from hub.modules.access.api import AccessApi
from hub.modules.autotexts.models import Rule
from hub.modules.autotexts.rules import MOST_DELAY, MOST_PAUSE, MOST_STALE
from hub.modules.autotexts.rules_recipes import RECIPES
from hub.modules.autotexts.rules_texts import LONGEST_TITLE, VARIABLES, text_fault
from hub.modules.autotexts.rules_yearly import day_in, yearly_faults
from hub.modules.autotexts.views import HOURS, WAYS, WHO, Conditions, RuleEntry, RuleView
from hub.modules.consents.api import PURPOSES
from hub.values import ShopId

MOST_RULES = 100
Shops = Collection[ShopId] | None
_SHORTEST_FALLBACK = 30
_LISTS = ("lines", "tags", "segments", "results")


class RuleService:
    """Keeps rules; every change stands in the audit log."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock

    @property
    def triggers(self) -> Mapping[str, Trigger]:
        """What a rule may wait for, in the order of the modules."""
        return {one.name: one for one in self._deps.triggers}

    async def all(self, shops: Shops = None) -> tuple[RuleView, ...]:
        """The rules of these shops and of all, and the ready ones that were never touched, which are off."""
        rows = (await self._session.scalars(select(Rule).order_by(Rule.created_at, Rule.id))).all()
        touched = {row.recipe for row in rows}
        ready = [
            RuleView(id="", rev=0, entry=entry)
            for recipe, entry in RECIPES.items()
            if recipe not in touched and entry.trigger in self.triggers
        ]
        return (*(view_of(row) for row in rows if _is_of(row, shops)), *ready)

    async def one(self, rule_id: str, shops: Shops = None) -> RuleView:
        """Raises NotFound, also for one of a shop that is not among `shops`."""
        return view_of(await self._row(rule_id, shops))

    async def recipe(self, recipe: str) -> RuleView:
        """A ready rule as it comes. Raises NotFound."""
        entry = RECIPES.get(recipe)
        if entry is None:
            raise NotFound("autotexts.unknown_rule", "There is no such rule.")
        return RuleView(id="", rev=0, entry=entry)

    async def waiting_for(self, trigger: str, shop_id: ShopId) -> tuple[RuleView, ...]:
        """Those that are on and hold in the shop: a ready rule of its own stands in for everybody's."""
        rows = (await self._session.scalars(select(Rule).where(Rule.trigger == trigger))).all()
        own = {row.recipe for row in rows if row.shop_id == shop_id and row.recipe}
        return tuple(
            view_of(row)
            for row in rows
            if row.is_on and (row.shop_id == shop_id or (row.shop_id is None and row.recipe not in own))
        )

    async def is_waited_for(self, trigger: str) -> bool:
        """Whether any rule that is on waits for it, in any shop."""
        query = select(Rule.id).where(Rule.trigger == trigger, Rule.is_on.is_(True)).limit(1)
        return (await self._session.scalars(query)).first() is not None

    async def save(
        self, entry: RuleEntry, rule_id: str | None = None, rev: int | None = None, shops: Shops = None
    ) -> RuleView:
        """A new one, or in place of what is there. Raises Invalid with the faults by field, NotFound,
        Conflict (stale)."""
        entry = replace(
            entry, title=" ".join(entry.title.split()),
            texts={name: text.replace("\r\n", "\n").strip() for name, text in entry.texts.items()},
            conditions=_with_days(entry.conditions),
        )  # fmt: skip
        await self._check(entry, shops)
        now = self._clock.now()
        if rule_id is None:
            await self._uow.take_turn("autotexts.rules")
            await self._has_room(entry)
            row = Rule(id=new_id(self._clock), rev=0, created_at=now)
            self._session.add(row)
        else:
            row = await self._row(rule_id, shops)
        if rev is not None and rule_id is not None and row.rev != rev:
            raise Conflict(
                "autotexts.stale", "Somebody else has changed this meanwhile.", "Look at it again."
            )
        for name, value in _columns(entry).items():
            setattr(row, name, value)
        row.rev, row.updated_at = row.rev + 1, now
        await self._session.flush()
        return view_of(row)

    async def switch(self, rule_id: str, is_on: bool, shops: Shops = None) -> RuleView:
        """On or off; what waits is judged by what holds then. Raises NotFound."""
        row = await self._row(rule_id, shops)
        if row.is_on != is_on:
            row.is_on, row.rev, row.updated_at = is_on, row.rev + 1, self._clock.now()
            await self._session.flush()
        return view_of(row)

    async def remove(self, rule_id: str, shops: Shops = None) -> None:
        """The log of what it did stays. Raises NotFound."""
        row = await self._row(rule_id, shops)
        await self._session.execute(delete(Rule).where(Rule.id == row.id))

    async def _has_room(self, entry: RuleEntry) -> None:
        rows = (await self._session.scalars(select(Rule))).all()
        if len(rows) >= MOST_RULES:
            raise Conflict("autotexts.many_rules", "There are too many rules.", "Remove some first.")
        if any(row.recipe == entry.recipe and row.shop_id == entry.shop_id for row in rows if row.recipe):
            raise Conflict(
                "autotexts.there_is_one", "This shop has this rule already.", "Change the one that there is."
            )

    async def _check(self, entry: RuleEntry, shops: Shops) -> None:
        fields = {**_faults(entry), **yearly_faults(entry), **_text_faults(entry, self._known(entry.trigger))}
        if entry.trigger not in self.triggers:
            fields["trigger"] = "Choose what it waits for."
        if entry.shop_id is not None:
            names = await AccessApi(self._uow, self._deps).shop_names()
            if entry.shop_id not in names or (shops is not None and entry.shop_id not in shops):
                fields["shop_id"] = "There is no such shop."
        if fields:
            raise Invalid("autotexts.rule", "Some fields need a look.", fields=fields)

    def _known(self, trigger: str) -> Collection[str]:
        found = self.triggers.get(trigger)
        return {*VARIABLES, *(found.values if found is not None else ())}

    async def _row(self, rule_id: str, shops: Shops) -> Rule:
        is_id = 0 < len(rule_id) <= 26 and rule_id.isalnum()
        row = await self._session.get(Rule, rule_id) if is_id else None
        if row is None or not _is_of(row, shops):
            raise NotFound("autotexts.unknown_rule", "There is no such rule.")
        return row


def _with_days(conditions: Conditions) -> Conditions:
    """The days of a season as they are kept; what is no day stays, to be found fault with."""
    begins, ends = day_in(conditions.begins), day_in(conditions.ends)
    return replace(
        conditions, begins=conditions.begins if begins is None else begins,
        ends=conditions.ends if ends is None else ends,
    )  # fmt: skip


def _is_of(row: Rule, shops: Shops) -> bool:
    """A rule for every shop is everybody's."""
    return shops is None or row.shop_id is None or row.shop_id in shops


def _faults(entry: RuleEntry) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not entry.title or len(entry.title) > LONGEST_TITLE or not entry.title.isprintable():
        fields["title"] = "A short name is needed."
    limits = (
        ("delay_seconds", 0, MOST_DELAY), ("stale_minutes", 1, MOST_STALE), ("pause_hours", 0, MOST_PAUSE),
        ("fallback_seconds", 0, MOST_DELAY),
    )  # fmt: skip
    for name, least, most in limits:
        if not least <= getattr(entry, name) <= most:
            fields[name] = "This number is too small or too large."
    if 0 < entry.fallback_seconds < _SHORTEST_FALLBACK:
        fields["fallback_seconds"] = "At least 30 seconds: providers tell of a delivery with a delay."
    if entry.purpose not in PURPOSES:
        fields["purpose"] = "Choose one of the two."
    conditions = entry.conditions
    if conditions.hours not in HOURS or conditions.who not in WHO or conditions.way not in WAYS:
        fields["conditions"] = "Choose one of the answers."
    return fields


def _text_faults(entry: RuleEntry, known: Collection[str]) -> dict[str, str]:
    fields = {}
    for language, text in entry.texts.items():
        if language not in LANGUAGES:
            fields["texts"] = "There is no such language."
        elif fault := text_fault(text, known):
            fields[f"text_{language}"] = fault
    if not any(text for text in entry.texts.values()):
        fields["texts"] = "Write the text in one language at least."
    return fields


def _columns(entry: RuleEntry) -> dict[str, Any]:
    columns = asdict(entry)
    columns["texts"] = {name: text for name, text in entry.texts.items() if text}
    columns["channels"] = list(entry.channels)
    columns["conditions"] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(entry.conditions).items()
    }
    return columns


def view_of(row: Rule) -> RuleView:
    """As others see it."""
    stored: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in row.conditions.items()
    }
    return RuleView(
        id=row.id, rev=row.rev,
        entry=RuleEntry(
            trigger=row.trigger, title=row.title, texts=dict(row.texts), recipe=row.recipe, is_on=row.is_on,
            shop_id=ShopId(row.shop_id) if row.shop_id is not None else None, purpose=row.purpose,
            channels=tuple(row.channels), fallback_seconds=row.fallback_seconds,
            delay_seconds=row.delay_seconds, stale_minutes=row.stale_minutes, pause_hours=row.pause_hours,
            conditions=Conditions(**stored),
        ),
    )  # fmt: skip
