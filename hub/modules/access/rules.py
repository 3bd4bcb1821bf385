"""Pure rules of access: whose rights cover whose, when a shop is open, how secrets are made."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.kernel.manifest import ROLES
from hub.modules.access.views import Span

REACHES = ("own", "shop", "all")
_REACH = {"own": 0, "shop": 1, "all": 2}
_EXTENSION = re.compile(r"[0-9A-Za-z_.*#+-]{1,64}")
_LOGIN = re.compile(r"[\w.@+-]{1,64}")
_TECHNOLOGY = re.compile(r"^(PJSIP|SIP|IAX2)/", re.IGNORECASE)
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
ONE_TIME_DAYS = 7
DAY_MINUTES = 1440


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


def may_appoint(own_rank: int, own_rights: Mapping[str, str], rank: int, rights: Mapping[str, str]) -> bool:
    """Whether somebody may give a role, or touch somebody who has it: only rights that one holds, and
    only roles of a lower rank (0 is the highest, the owner's, who may also make owners)."""
    return covers(own_rights, rights) and (own_rank == 0 or rank > own_rank)


def rank_of(role: str, base: str | None = None) -> int:
    """A role's rank; an own role has that of the fixed role it is a copy of, but is never an owner's.
    An unknown one stands below all."""
    if role in ROLES:
        return ROLES.index(role)
    return max(1, ROLES.index(base)) if base in ROLES else len(ROLES)


def clean_extension(text: str) -> str | None:
    """The name of a phone as the PBX says it, without `PJSIP/`; None when it cannot be one."""
    name = _TECHNOLOGY.sub("", text.strip())
    return name if _EXTENSION.fullmatch(name) else None


def clean_login(text: str) -> str | None:
    """A log-in as it is stored and compared; None when it cannot be one."""
    login = text.strip().casefold()
    return login if _LOGIN.fullmatch(login) else None


def new_password() -> str:
    """A one-time password that can be read out on the phone; 79 bits."""
    letters = "".join(secrets.choice(_READABLE) for _ in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def new_secret(prefix: str = "") -> str:
    """256 bits of chance, for cookies and tokens."""
    return prefix + secrets.token_urlsafe(32)


def new_link_secret() -> str:
    """128 bits of chance, for a link that a person may have to type."""
    return secrets.token_urlsafe(16)


def secret_hash(secret: str) -> str:
    """What is stored of a secret; it has 128 bits of its own or more, so a fast hash is right."""
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
