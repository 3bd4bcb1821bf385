"""Pure rules: the words that a new shop begins with, and what a changed list means for the old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.modules.wrapup.views import ChoiceView, Kind

MOST = 20
LONGEST = 40
KEYS = 9
"""As many of a kind are reached by a digit."""

_BEGINNING: Mapping[Kind, Sequence[tuple[str, str]]] = {
    "disposition": (
        ("booked", "Booked"),
        ("ready", "Is the car ready?"),
        ("price", "Asked the price"),
        ("approved", "Agreed to the work"),
        ("advice", "Advice"),
        ("complaint", "Complaint"),
        ("refused", "Refused"),
        ("wrong", "Wrong number"),
    ),
    "tag": (
        ("urgent", "urgent"),
        ("warranty", "warranty"),
        ("tow", "tow truck"),
        ("parts", "parts"),
        ("fleet", "fleet"),
    ),
}

DEFAULTS: Mapping[Kind, tuple[ChoiceView, ...]] = {
    kind: tuple(ChoiceView(id=word, kind=kind, title=title, is_default=True) for word, title in words)
    for kind, words in _BEGINNING.items()
}


@dataclass(frozen=True, slots=True)
class Renewed:
    """A line of the new list: the id of the word that it is, None for a new one."""

    id: str | None
    title: str


def titles_in(text: str) -> list[str]:
    """One word or phrase per line; spaces and empty lines do not count."""
    return [title for line in text.splitlines() if (title := " ".join(line.split()))]


def faults(titles: Sequence[str]) -> str:
    """What is wrong with a list, in words; empty when it is good."""
    if not titles:
        return "Leave at least one."
    if len(titles) > MOST:
        return "That are too many: 20 at most."
    if any(len(title) > LONGEST or not title.isprintable() for title in titles):
        return "One of them is too long: 40 letters at most."
    if len({title.casefold() for title in titles}) < len(titles):
        return "One of them stands there twice."
    return ""


def renewed(known: Sequence[tuple[str, str]], titles: Sequence[str]) -> list[Renewed]:
    """The new list against the old one (ids with titles, in order). The same words are the same wherever
    they stand; other words at a place whose old ones are gone are those, renamed; the rest is new."""
    by_title = {title.casefold(): known_id for known_id, title in known}
    staying = {by_title[title.casefold()] for title in titles if title.casefold() in by_title}
    lines: list[Renewed] = []
    for place, title in enumerate(titles):
        same = by_title.get(title.casefold())
        if same is None and place < len(known) and known[place][0] not in staying:
            same = known[place][0]
            staying.add(same)
        lines.append(Renewed(same, title))
    return lines
