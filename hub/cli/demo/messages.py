"""What the demo shop writes: prepared answers by keys, and automatic messages, some still off."""

from __future__ import annotations

from dataclasses import replace

from hub.modules.autotexts.api import RECIPES, TEXT_BACK, AutoTextsApi
from hub.modules.messaging.api import MessagingApi, TemplateEntry

TYRES = "шини"
"""The segment of those who leave their tyres with the shop."""
_ANSWERS = (
    TemplateEntry(title="Адреса", text="Ми тут: {address}. {shop}", place=1, has_pin=True),
    TemplateEntry(title="Години", text="Ми працюємо: {hours}. {shop}", place=2),
    TemplateEntry(title="Передзвонимо", text="Передзвонимо вам о {time}. {shop}", place=3),
    TemplateEntry(title="Можна писати?", text="Можна писати про пропозиції? Так: {agree} {shop}", place=4),
)


async def fill_messages(messaging: MessagingApi) -> None:
    """Once."""
    templates = messaging.templates
    if not await templates.all():
        for entry in _ANSWERS:
            await templates.save(entry)


async def fill_rules(texts: AutoTextsApi) -> None:
    """Whoever rings in vain gets a text; from now on, not for the calls of the last weeks. Birthdays and the
    season are off: their dry run shows whom they would reach."""
    known = {rule.entry.recipe for rule in await texts.rules.all() if rule.id}
    season = RECIPES["season"]
    rules = {
        TEXT_BACK: replace(RECIPES[TEXT_BACK], is_on=True),
        "birthday": replace(RECIPES["birthday"], title="З днем народження"),
        "season": replace(
            season, title="Час на зимові шини", conditions=replace(season.conditions, segments=(TYRES,))
        ),
    }
    for recipe, entry in rules.items():
        if recipe not in known:
            await texts.rules.save(entry)
