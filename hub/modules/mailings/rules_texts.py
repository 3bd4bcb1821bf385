"""The text of a mailing: its variables, what it comes to on a channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.modules.consents.api import LEAVE
from hub.modules.messaging.api import filled, sms_count, variables_in

VARIABLES: tuple[str, ...] = ("name", "car", "plate", "shop", "address", "phone")
"""What can be filled in for everybody: the client's name, their car and its plate; the shop's."""
LONGEST_TEXT = 1000
LONGEST_TITLE = 80
PARTED = ("sms",)
"""Channels that are paid by the part."""


def unknown_in(text: str) -> tuple[str, ...]:
    """Variables that nobody can fill in."""
    return tuple(name for name in variables_in(text) if name not in VARIABLES)


def written(
    text: str, values: Mapping[str, str], *, link: str, language: str | None
) -> tuple[str, tuple[str, ...]]:
    """The text as a client reads it, with the link at its end; and the variables that stayed empty."""
    body, missing = filled(text, values)
    words = LEAVE.get(language or "", LEAVE["uk"])
    return f"{body}\n{words} {link}", missing


def parts_of(text: str, channel: str) -> int:
    """Parts that are paid for; 1 where a message is one."""
    return sms_count(text).parts if channel in PARTED else 1
