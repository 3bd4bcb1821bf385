"""Texts of automatic messages: `{name}` is filled in, and what stands in [square brackets] is left out where
something in it is not known. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

VARIABLES: tuple[str, ...] = (
    "name", "car", "shop", "address", "phone", "hours", "time", "link", "map",
    "requisites",
)  # fmt: skip
"""What every text may say: the client's name, their car; the shop's name, address, number and next hours;
until when we ring back; the link into the bot; a map's link to the shop; its requisites."""
LONGEST_TEXT = 1000
LONGEST_TITLE = 80
_VARIABLE = re.compile(r"\{([a-z_]{1,32})\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_SPACES = re.compile(r"[ \t]{2,}")


def variables_in(text: str) -> tuple[str, ...]:
    """In their order, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def written(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text, and the variables outside of brackets that stayed empty. Values are put in as they are."""

    def optional(found: re.Match[str]) -> str:
        return "" if _empty(found[1], values) else found[1]

    shown = _SPACES.sub(" ", _OPTIONAL.sub(optional, text))
    missing = _empty(shown, values)
    said = _VARIABLE.sub(lambda found: values.get(found[1], "").strip() or found[0], shown)
    return "\n".join(line.strip() for line in said.splitlines()).strip(), missing


def text_for(texts: Mapping[str, str], language: str | None, fallback: str) -> tuple[str, str]:
    """The text in their language, else in the shop's, else any; and which language that is."""
    for one in (language, fallback, *sorted(texts)):
        if one and texts.get(one, "").strip():
            return texts[one], one
    return "", fallback


def text_fault(text: str, known: Collection[str]) -> str:
    """What is wrong with it (an English source text); empty: nothing."""
    if len(text) > LONGEST_TEXT or "\x00" in text:
        return "This is too long."
    if any(name not in known for name in variables_in(text)) or "{" in _VARIABLE.sub("", text):
        return "Something stands in braces that nobody can fill in."
    if text.count("[") != text.count("]") or "[" in _OPTIONAL.sub("", text):
        return "A square bracket is open or stands within another one."
    return ""


def _empty(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in variables_in(text) if not values.get(name, "").strip())
