"""Pure rules of access: whose rights cover whose, when a shop is open, what a password must be."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.kernel.manifest import ROLES
from hub.modules.access.views import Span

_REACH = {"own": 0, "shop": 1, "all": 2}
_EXTENSION = re.compile(r"[0-9A-Za-z_.*#+-]{1,64}")
_LOGIN = re.compile(r"[\w.@+-]{1,64}")
_TECHNOLOGY = re.compile(r"^(PJSIP|SIP|IAX2)/", re.IGNORECASE)
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
ONE_TIME_DAYS = 7
DAY_MINUTES = 1440

_COMMON = frozenset({
    "password", "password1", "passw0rd", "12345678", "123456789", "1234567890", "qwertyui", "qwerty123",
    "qwertyuiop", "87654321", "iloveyou", "admin123", "adminadmin", "administrator", "welcome1", "letmein1",
    "abc12345", "1q2w3e4r", "1qaz2wsx", "pitline1", "pitline123", "йцукенгш", "пароль123",
})  # fmt: skip


def covers(mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether every right of `theirs` is held by `mine`, reaching at least as far."""
    return all(
        _REACH[mine.get(right, "own")] >= _REACH[reach] and right in mine for right, reach in theirs.items()
    )


def narrowed(rights: Mapping[str, str], to: Mapping[str, str]) -> dict[str, str]:
    """Those rights that `to` holds as well, each as far as both reach."""
    return {
        right: min(reach, to[right], key=_REACH.__getitem__) for right, reach in rights.items() if right in to
    }


def may_appoint(own_role: str, own_rights: Mapping[str, str], role: str, rights: Mapping[str, str]) -> bool:
    """Whether somebody may give a role, or touch somebody who has it: the owner may all, others only
    roles below their own whose rights they have themselves."""
    if own_role == "owner":
        return True
    if own_role not in ROLES or role not in ROLES:
        return False
    return ROLES.index(role) > ROLES.index(own_role) and covers(own_rights, rights)


def clean_extension(text: str) -> str | None:
    """The name of a phone as the PBX says it, without `PJSIP/`; None when it cannot be one."""
    name = _TECHNOLOGY.sub("", text.strip())
    return name if _EXTENSION.fullmatch(name) else None


def clean_login(text: str) -> str | None:
    """A log-in as it is stored and compared; None when it cannot be one."""
    login = text.strip().casefold()
    return login if _LOGIN.fullmatch(login) else None


def password_fault(password: str, login: str) -> str | None:
    """What is wrong with a new password (an English source text), or None."""
    if len(password) < SHORTEST_PASSWORD:
        return "Use at least 8 characters."
    if len(password) > LONGEST_PASSWORD:
        return "Use at most 256 characters."
    if password.casefold() in _COMMON or password.casefold() == login.casefold() or len(set(password)) < 4:
        return "This password is too easy to guess."
    return None


def new_password() -> str:
    """A one-time password that can be read out on the phone; 79 bits."""
    letters = "".join(secrets.choice(_READABLE) for _ in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def new_secret(prefix: str = "") -> str:
    """256 bits of chance, for cookies and tokens."""
    return prefix + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What is stored of a secret; it has 256 bits of its own, so a fast hash is right."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_open(local: datetime, spans: Iterable[Span]) -> bool:
    """Whether the local moment lies in one of the day's spans; the end is outside."""
    minute = local.hour * 60 + local.minute
    return any(span.opens <= minute < span.closes for span in spans)


def spans_fault(spans: Iterable[Span]) -> str | None:
    """What is wrong with a day's spans (an English source text), or None."""
    end = -1
    for span in sorted(spans, key=lambda one: one.opens):
        if not 0 <= span.opens < span.closes <= DAY_MINUTES:
            return "Opening must come before closing."
        if span.opens < end:
            return "Two times of one day overlap."
        end = span.closes
    return None


def parse_minutes(text: str) -> int | None:
    """`09:30` as minutes of the day, `24:00` included; None when it is no time."""
    found = re.fullmatch(r"([01]?\d|2[0-4]):([0-5]\d)", text.strip(), re.ASCII)
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    return minutes if minutes <= DAY_MINUTES else None


def show_minutes(minutes: int) -> str:
    """The other way round."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
