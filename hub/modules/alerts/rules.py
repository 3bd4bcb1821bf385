"""Pure rules of alerts: their kinds, codes and payloads, and when a shop is open again."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hub.modules.access.api import ShopView

Kind = Literal["missed", "low_score", "connector", "message", "forgotten", "test"]
PostState = Literal["open", "taken", "closed"]
Verb = Literal["take", "call"]
KINDS: dict[Kind, str] = {
    "missed": "A call was missed, and somebody is to be called back",
    "message": "A message to a client has failed, or may not have arrived",
    "connector": "A link to the outside is dead: the PBX, a provider",
    "low_score": "A talk or a visit was scored low",
    "forgotten": "Somebody asks to be forgotten, and the law wants an answer",
}
"""What may be chosen, in a person's words."""
PRESS, ACCOUNT = "alerts.press", "alerts.account"
CODE_LIVES, LINK_LIVES = timedelta(minutes=15), timedelta(minutes=30)
POST_LIVES = timedelta(hours=24)
"""What could not be posted by then is not posted any more."""
DEAD_AFTER = timedelta(minutes=2)
BACKOFF = (2.0, 10.0, 30.0, 120.0, 600.0)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_PAYLOAD = re.compile(r"a1([tc])([0-9a-z]{26})([A-Za-z0-9_-]{22})")
_PAIR = re.compile(r"/pair(?:@\w{3,64})?\s+([A-Za-z0-9-]{1,40})\s*")
_LOOK_AHEAD = 15
_VERBS: dict[str, Verb] = {"t": "take", "c": "call"}


def new_code() -> str:
    """One that nobody guesses within a quarter of an hour: 10 letters of 32, 50 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def hash_of_code(code: str) -> str:
    """As it is kept; however it was typed."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def code_in(text: str) -> str | None:
    """The code of `/pair CODE`; None for anything else."""
    found = _PAIR.fullmatch(text.strip())
    return found[1] if found is not None else None


def signed_part(verb: Verb, post_id: str) -> bytes:
    """What the signature of a button is about."""
    return f"{verb} {post_id}".encode()


def payload_of(verb: Verb, post_id: str, tag: bytes) -> str:
    """51 bytes."""
    return f"a1{verb[0]}{post_id}{base64.urlsafe_b64encode(tag[:16]).decode().rstrip('=')}"


def parsed_payload(payload: str) -> tuple[Verb, str, bytes] | None:
    """Verb, post and signature; None for what was never one of ours."""
    found = _PAYLOAD.fullmatch(payload)
    return (_VERBS[found[1]], found[2], base64.urlsafe_b64decode(found[3] + "==")) if found else None


def open_from(shop: ShopView, now: datetime) -> datetime:
    """Now, while the shop is open (or says nothing of its hours); else when it opens next."""
    if not shop.hours and not shop.holidays:
        return now
    zone = ZoneInfo(shop.timezone)
    today = now.astimezone(zone).date()
    special = {one.day: (one.span,) if one.span is not None else () for one in shop.holidays}
    for ahead in range(_LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        for span in special.get(day, shop.hours.get(day.weekday(), ())):
            opens = midnight.replace(hour=span.opens // 60, minute=span.opens % 60)
            closes = (
                (midnight + timedelta(minutes=span.closes))
                if span.closes >= 1440
                else midnight.replace(hour=span.closes // 60, minute=span.closes % 60)
            )
            if now < closes:
                return max(now, opens.astimezone(now.tzinfo))
    return now


def next_try(tries: int, now: datetime, retry_after: float = 0.0) -> datetime:
    """When to try again after so many tries."""
    wait = BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1]
    return now + timedelta(seconds=max(wait, retry_after))
