"""Tokens of links: 128 bits of chance, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
LONGEST_OBJECT = 128
LONGEST_TEXT = 500
MOST_DAYS = 3700
"""A service book's link lives as long as the book."""


def new_token() -> str:
    """22 letters that stand in an address."""
    return secrets.token_urlsafe(16)


def hash_of(token: str) -> str | None:
    """Under which it is stored; None: it is no token."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None
