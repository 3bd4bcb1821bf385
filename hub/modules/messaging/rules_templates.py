"""Texts with variables: `{name}` is filled in, and nothing is sent while one is empty. Pure; a text is
never more than text, whatever stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLES: tuple[str, ...] = (
    "name", "car", "plate", "shop", "address", "requisites", "phone", "hours", "me", "time",
    "agree",
)  # fmt: skip
"""What can be filled in: the client's name, their car and its plate; the shop's name, address,
requisites, number and next hours; who writes; when one may promise to ring back; a link by
which they agree to advertising, made when the text is sent."""
AGREE = "{agree}"
_HIDDEN = "*"
_TOKEN = re.compile(r"(?<=/c/)[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
LONGEST_TITLE = 60
_VARIABLE = re.compile(r"\{([a-z_]{1,32})\}")


def variables_in(text: str) -> tuple[str, ...]:
    """The variables of a text, in their order."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def unknown_in(text: str) -> tuple[str, ...]:
    """Those that nobody can fill in."""
    return tuple(name for name in variables_in(text) if name not in VARIABLES)


def hidden(text: str) -> str:
    """Without the words by which links of clients open, and as long as before."""
    return _TOKEN.sub(lambda found: _HIDDEN * len(found[0]), text)


def opened(text: str, link: str) -> str:
    """As it leaves: the link opens again."""
    return text.replace(hidden(link), link) if link else text


def filled(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text, and the variables that stayed empty. A value is put in as it is, and not looked into."""
    missing = tuple(name for name in variables_in(text) if not values.get(name, "").strip())
    return _VARIABLE.sub(lambda found: values.get(found[1], "").strip() or found[0], text), missing
