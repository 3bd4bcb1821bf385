"""Pure rules of keeping: what is kept for how many days, what a person chose, what wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.settings import Settings

OPTION = "retention"


@dataclass(frozen=True, slots=True)
class KeptThing:
    """Something that is kept for a while; `name` is that of its setting."""

    name: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how many days it is kept; `is_fixed`: file or environment say so, and win."""

    name: str
    days: int
    least: int
    most: int
    is_fixed: bool

    @property
    def environment(self) -> str:
        """The name of the setting in the environment."""
        return f"HUB_{self.name.replace('.', '__').upper()}"


THINGS = (
    KeptThing("journal.keep_days", 1, 3650),
    KeptThing("recordings.retention_days", 1, 3650),
    KeptThing("relay.keep_done_days", 1, 365),
)


def kept(settings: Settings, chosen: object) -> dict[str, Kept]:
    """What holds: file and environment, else what was chosen, else the default."""
    picked = chosen if isinstance(chosen, dict) else {}
    found: dict[str, Kept] = {}
    for thing in THINGS:
        section, _, key = thing.name.partition(".")
        days, is_fixed = int(getattr(getattr(settings, section), key)), thing.name in settings.given
        wish = picked.get(thing.name)
        if not is_fixed and isinstance(wish, int) and thing.least <= wish <= thing.most:
            days = wish
        found[thing.name] = Kept(
            name=thing.name, days=days, least=thing.least, most=thing.most, is_fixed=is_fixed
        )
    return found


def choice_faults(holds: Mapping[str, Kept], wishes: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with a choice, by field (English source texts)."""
    faults: dict[str, str] = {}
    for name, wish in wishes.items():
        one = holds.get(name)
        if one is None:
            faults[name] = "There is no such setting."
        elif one.is_fixed and wish != one.days:
            faults[name] = "File or environment say this; change it there."
        elif not isinstance(wish, int) or not one.least <= wish <= one.most:
            faults[name] = "Write a number of days from {least} to {most}."
    return faults
