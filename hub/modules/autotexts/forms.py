"""A rule as its form shows and sends it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from hub.errors import Invalid
from hub.kernel.texts import LANGUAGES
from hub.modules.autotexts.rules_yearly import show_day
from hub.modules.autotexts.views import HOURS, WAYS, WHO, Conditions, RuleEntry, RuleView
from hub.values import ShopId

_NUMBERS = ("delay_seconds", "stale_minutes", "pause_hours", "fallback_seconds")
_LISTS = ("lines", "tags", "segments", "results")
_LONGEST = 4000
C = TypeVar("C")


def entered(entry: RuleEntry) -> dict[str, str]:
    """As the form shows it."""
    conditions = entry.conditions
    return {
        "title": entry.title, "trigger": entry.trigger, "purpose": entry.purpose,
        "shop_id": entry.shop_id or "", "is_on": "1" if entry.is_on else "",
        "channels": ",".join(entry.channels), "hours": conditions.hours, "who": conditions.who,
        "way": conditions.way, "begins": show_day(conditions.begins), "ends": show_day(conditions.ends),
        **{name: ", ".join(getattr(conditions, name)) for name in _LISTS},
        **{name: str(getattr(entry, name)) for name in _NUMBERS},
        **{f"text_{language}": entry.texts.get(language, "") for language in LANGUAGES},
    }  # fmt: skip


def shown(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, to be shown again."""
    names = entered(RuleEntry(trigger="", title="", texts={}))
    return {name: form.get(name, "")[:_LONGEST].replace("\x00", "") for name in names}


def entry_in(rule: RuleView, form: Mapping[str, str]) -> tuple[RuleEntry, int | None]:
    """The rule as it was sent, and the revision that the person saw. Raises Invalid for what is no number."""
    typed = shown(form)
    faults = {name: "Write a whole number." for name in _NUMBERS if not _is_whole(typed[name])}
    if faults:
        raise Invalid("autotexts.rule", "Some fields need a look.", fields=faults)
    numbers = {name: int(typed[name]) for name in _NUMBERS}
    lists = {name: _listed(typed[name]) for name in _LISTS}
    shop_id = typed["shop_id"]
    rev = form.get("rev", "")
    entry = RuleEntry(
        trigger=typed["trigger"], title=typed["title"], recipe=rule.entry.recipe,
        texts={language: typed[f"text_{language}"] for language in LANGUAGES},
        is_on=typed["is_on"] == "1", shop_id=ShopId(shop_id) if shop_id else None,
        purpose="marketing" if typed["purpose"] == "marketing" else "service",
        channels=_listed(typed["channels"]), **numbers,
        conditions=Conditions(
            hours=_one_of(typed["hours"], HOURS), who=_one_of(typed["who"], WHO),
            way=_one_of(typed["way"], WAYS), begins=typed["begins"], ends=typed["ends"], **lists,
        ),
    )  # fmt: skip
    return entry, int(rev) if _is_whole(rev) else None


def _one_of(text: str, choices: tuple[C, ...]) -> C:
    """The choice that was sent; the first where something else came."""
    return next((one for one in choices if one == text), choices[0])


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in (part.strip() for part in text.split(",")) if one))[:50]


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9
