"""Which names a new module or connector may have."""

from __future__ import annotations

import builtins
import importlib.util
import keyword
import re
import sys
from collections.abc import Mapping

from hub.errors import Conflict, Invalid

LONGEST = 20
LONGEST_TITLE = 40
_MODULE = re.compile(r"[a-z][a-z0-9]*")
_CONNECTOR = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_BAD_IN_TITLE = set("\"'\\{}%<>@")


def check_module_name(name: str, taken: Mapping[str, str]) -> None:
    """Raises Invalid or Conflict. `taken`: words that are in use, and as what."""
    _check(name, _MODULE, "one word of small letters and digits, like fleet", taken)


def check_connector_name(name: str, taken: Mapping[str, str]) -> None:
    """Raises Invalid or Conflict. `taken`: words that are in use, and as what."""
    _check(name, _CONNECTOR, "small letters, digits and single underscores, like twilio_sms", taken)


def _check(name: str, pattern: re.Pattern[str], shape: str, taken: Mapping[str, str]) -> None:
    if not pattern.fullmatch(name) or not 2 <= len(name) <= LONGEST:
        raise Invalid(
            "scaffold.name", f"{name!r} cannot be the name.",
            f"Take {shape}, 2 to {LONGEST} characters, a letter first.",
        )  # fmt: skip
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        raise Invalid("scaffold.name", f"{name!r} is a word of Python.", "Take another name.")
    if name in sys.stdlib_module_names:
        raise Invalid(
            "scaffold.name", f"{name!r} is a module of Python's standard library.", "Take another name."
        )
    if name in taken:
        raise Conflict("scaffold.taken", f"{name!r} is in use already: {taken[name]}.", "Take another name.")
    if importlib.util.find_spec(name) is not None:
        raise Conflict(
            "scaffold.taken", f"{name!r} is the name of an installed Python package.",
            "Name it after what it is for, not after a library.",
        )  # fmt: skip


def check_title(title: str) -> str:
    """The title without blanks around it. Raises Invalid."""
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE or _BAD_IN_TITLE & set(title) or not title.isprintable():
        raise Invalid(
            "scaffold.title", f"{title!r} cannot be a title.",
            f"Take 1 to {LONGEST_TITLE} characters, without quotes, brackets and per cent signs.",
        )  # fmt: skip
    return title


def in_capitals(name: str) -> str:
    """`twilio_sms` as the beginning of a class's name: `TwilioSms`."""
    return "".join(part.capitalize() for part in name.split("_"))
