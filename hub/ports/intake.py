"""How facts come into the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A fact on its way in. `(source, external_id)` is unique for ever: the second is silence."""

    source: str
    external_id: str
    occurred_at: datetime
    event: Event


class Intake(Protocol):
    """Takes facts in; when `accept` returns they are committed together with their deliveries."""

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store all of them, in order. Waits and tries again while the database is locked or away:
        it returns only when they are stored, or is cancelled."""
        ...
