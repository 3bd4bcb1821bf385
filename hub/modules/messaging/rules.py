"""Pure rules of messages: how far one has come, what is tried when, what an address is."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from hub.events.messages import DeliveryState, MessageState
from hub.modules.crm.api import number_key
from hub.modules.messaging.views import Priority
from hub.ports.messaging import NUMBERS

LONGEST_TEXT = 10_000
EMAIL = "email"
_EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\]+\.[^@\s<>\"(),:;\[\]\\]+")
PRIORITIES: tuple[Priority, ...] = ("dialogue", "notice", "campaign")
BACKOFF = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0)
"""Seconds after a try that was certainly in vain."""
ASK_AFTER = (10.0, 60.0, 300.0)
"""Seconds until a provider is asked whether it has what we are in doubt of: it may list it late."""
OPEN_STATES: tuple[MessageState, ...] = ("queued", "sending", "unknown")
ARRIVED = ("delivered", "read")
_RANK = {"queued": 0, "sending": 0, "unknown": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4}


def is_email(text: str) -> bool:
    """Whether it looks like an address that a letter can go to."""
    return _EMAIL.fullmatch(text) is not None


def further(state: MessageState, told: DeliveryState) -> bool:
    """Whether what a provider tells moves a message on: never back, `failed` is an end, and what has
    arrived did not fail."""
    if state in ("received", "failed") or (told == "failed" and state in ARRIVED):
        return False
    return _RANK[told] > _RANK[state]


def number_behind(channel: str, address: str, proven: str | None, country: str) -> str | None:
    """The matching key of the phone behind an address, where it is sure: they have proved it, or the address
    is one."""
    number = proven or (address if channel in NUMBERS else None)
    return number_key(number, country) if number is not None else None


def next_try(tries: int, now: datetime, retry_after: float = 0.0) -> datetime:
    """When to try again after so many tries."""
    wait = BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1]
    return now + timedelta(seconds=max(wait, retry_after))


def split_text(text: str, longest: int) -> list[str]:
    """Pieces of at most so many UTF-16 units, which is how messengers count, cut between paragraphs, lines or
    words where it can be. Nothing but white space at a cut is lost."""
    pieces: list[str] = []
    rest = text
    while _units(rest) > longest:
        end, used = 0, 0
        while used + _units(rest[end]) <= longest:
            used += _units(rest[end])
            end += 1
        cut = max(rest.rfind(sign, end // 2, end) for sign in ("\n\n", "\n", " "))
        cut = cut if cut > 0 else end
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest or not pieces else pieces


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean_text(text: str) -> str:
    """As it is sent: one kind of line ends, composed letters, nothing that nobody can see at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
