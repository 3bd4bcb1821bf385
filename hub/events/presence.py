"""Facts about what people say of themselves: away, not to be disturbed, back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event

ChosenPresence = Literal["away", "do_not_disturb", "here"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChosen(Event):
    """A person said how they are, or (`here`) took it back, or its time was over. `extensions` are the phones
    that it is true of; `until` None: until they say otherwise."""

    name: ClassVar[str] = "presence.chosen"
    person_id: str
    kind: ChosenPresence
    reason: str
    until: datetime | None
    extensions: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"person:{self.person_id}"
