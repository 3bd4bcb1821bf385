"""What webhooks gives out: frozen, never a row, never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Words

OffReason = Literal["", "failing", "gone"]
DeliveryState = Literal["pending", "delivered", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEntry:
    """What may be written about an endpoint. `address_fault`: why the way out refuses the URL, asked
    before the unit of work."""

    url: str
    name: str = ""
    events: tuple[str, ...] = ("*",)
    shop_id: str | None = None
    is_active: bool = True
    address_fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """An address that is told of facts, and how it does: `pending` wait to be sent, `parked` were given
    up. `off_reason`: why we switched it off ourselves."""

    id: str
    rev: int
    shop_id: str | None
    name: str
    url: str
    events: tuple[str, ...]
    is_active: bool
    off_reason: OffReason
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    pending: int
    parked: int

    @property
    def title(self) -> str:
        """The name, else the address."""
        return self.name or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try."""

    id: str
    at: datetime
    status: int | None
    ms: int
    error: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A fact for an endpoint; `next_try_at` only while it waits."""

    id: str
    rev: int
    endpoint_id: str
    event_id: str
    event_name: str
    state: DeliveryState
    attempts: int
    queued_at: datetime
    next_try_at: datetime | None
    done_at: datetime | None
    last_status: int | None
    last_error: str
    body: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How sending goes, over all endpoints."""

    active: int
    pending: int
    parked: int
    failing: tuple[EndpointView, ...]
    switched_off: tuple[EndpointView, ...]
