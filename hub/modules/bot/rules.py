"""Pure rules of the bot: what a payload and a link's word are, which command is meant, whose language."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

from hub.kernel.texts import LANGUAGES

BUTTON, START = "bot.button", "bot.start"
"""What signatures are for."""
BUTTON_LIVES = timedelta(days=30)
ANSWER_LIVES = timedelta(minutes=10)
"""After that nobody wants an answer of the bot any more."""
LONGEST_PAYLOAD = 64
"""Bytes that a messenger carries."""
_TAG_BYTES = 16
_PAYLOAD = re.compile(r"b1([A-Za-z0-9_-]{16})([A-Za-z0-9_-]{22})")
_WORD = re.compile(r"[A-Za-z0-9_-]{22}")


def payload_of(button_id: str, tag: bytes) -> str:
    """What stands in a button: its id and its signature; 40 bytes."""
    return f"b1{button_id}{_text(tag[:_TAG_BYTES])}"


def parsed_payload(payload: str) -> tuple[str, bytes] | None:
    """The id and the signature; None for what was never one of ours."""
    found = _PAYLOAD.fullmatch(payload)
    return (found[1], base64.urlsafe_b64decode(found[2] + "==")) if found is not None else None


def word_of(tag: bytes) -> str:
    """The word of a link: 128 bits."""
    return _text(tag[:_TAG_BYTES])


def hash_of_word(word: str) -> str | None:
    """As it is kept; None for what was never one of ours."""
    return hashlib.sha256(word.encode()).hexdigest() if _WORD.fullmatch(word) else None


def chat_of(channel: str, address: str) -> str:
    """A chat as its buttons know it: it tells nobody which one."""
    return hashlib.sha256(f"{channel} {address}".encode()).hexdigest()


def command_in(text: str) -> str:
    """The command without its sign, the bot's name and what follows: `/start@shop_bot x` is `start`."""
    return text.strip().removeprefix("/").partition(" ")[0].partition("@")[0]


def language_of(*said: str | None) -> str:
    """The first that is one of ours: the client's, the messenger's, the shop's."""
    known = (one.lower().partition("-")[0] for one in said if one)
    return next((one for one in known if one in LANGUAGES), "en")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
