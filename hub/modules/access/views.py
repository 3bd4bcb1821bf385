"""What access gives out: frozen, never a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hub.errors import TooMany
from hub.kernel.masking import Dialable, Words
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """An employee; one with a `login` may sign in. `role_name` is that of an own role, else empty; `shops`
    are those besides `shop_id`."""

    id: str
    shop_id: ShopId
    name: str
    role: str
    extensions: tuple[str, ...]
    mobile: Dialable | None
    is_active: bool
    login: str | None
    language: str | None
    rev: int
    role_name: str = ""
    shops: tuple[ShopId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEntry:
    """What may be written about an employee. Numbers in any writing. `shops`: those besides `shop_id`;
    None leaves them as they are."""

    name: str
    role: str
    extensions: tuple[str, ...] = ()
    mobile: str | None = None
    is_active: bool = True
    language: str | None = None
    shop_id: ShopId | None = None
    shops: tuple[ShopId, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """A role: its rights and how far each reaches. `is_own`: made here, so its name is the shop's and its
    rights may be changed. `rank` 0 is the owner's. `base` is the fixed role it is a copy of."""

    id: str
    name: str
    rights: dict[str, str]
    rank: int
    is_own: bool = False
    base: str = ""
    rev: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """A one-time link that is still good; by whom it was made."""

    id: str
    person_id: str
    created_at: datetime
    expires_at: datetime
    maker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Whom a link invites; one who has a log-in keeps it and only chooses a new password."""

    invitation_id: str
    person_id: str
    name: str
    login: str | None
    shop_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorView:
    """A person's second factor. `seed` is there only until it is confirmed."""

    is_on: bool
    since: datetime | None = None
    seed: str = ""
    codes_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A brake that holds: `key` names it, `is_first` says that nobody has noted it yet."""

    key: str
    retry_after: float
    is_first: bool

    def error(self) -> TooMany:
        """As the person is told."""
        return TooMany(
            "access.too_many_tries", "Too many tries to sign in.",
            "Wait for {minutes} minutes, or use a browser that you have signed in with before.",
            retry_after=self.retry_after,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Open from `opens` to `closes`, in minutes of the local day (1440 = midnight at its end)."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayView:
    """A day with hours of its own; without a span the shop is closed."""

    day: date
    title: str
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopEntry:
    """What may be written about a shop: country ISO 3166, currency ISO 4217, zone by its place; its point on
    the map in degrees, or none; `requisites` by which it is paid, a line each."""

    name: str
    country: str
    timezone: str
    currency: str
    language: str
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    requisites: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopView:
    """A shop with its hours: weekday (0 = Monday) to spans, and the days that differ."""

    id: ShopId
    name: str
    country: str
    timezone: str
    currency: str
    language: str
    rev: int
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    requisites: str = ""
    hours: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    holidays: tuple[HolidayView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A program's key; `beginning` is all that is left of the key itself; `per_minute` its own limit."""

    id: str
    name: str
    role: str
    role_name: str
    beginning: str
    maker: str | None
    created_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A browser that a person is signed in with."""

    id: str
    person_id: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """An entry of the audit log. `details` holds `changes` (hub.kernel.storage.changes.told) and more."""

    id: str
    seq: int
    at: datetime
    shop_id: ShopId
    actor: str | None
    action: str
    outcome: str
    subject: Words
    address: str
    request_id: str
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A try that the brakes let through: check `password_hash` (also for unknown accounts, against a
    hash that fits nothing), then tell `succeed` if it was right."""

    try_id: str
    person_id: str | None
    password_hash: str
    is_expired: bool
    has_factor: bool = False
    is_known_device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAttempt:
    """A try with a code that the brakes let through. A recovery code is to be checked against
    `recovery_hash` (None: it is a code of the app)."""

    try_id: str
    person_id: str
    code: str
    recovery_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: its token for the cookie, and the device's if it is a new device."""

    person: PersonView
    token: str
    device: str | None
    must_change: bool
