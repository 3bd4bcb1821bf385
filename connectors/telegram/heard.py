"""Until when all was heard that came: over restarts, so that a silence longer than Telegram keeps updates is
told and not hidden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.ports.marks import Marks

KEPT = timedelta(hours=24)
"""How long Telegram keeps what nobody has asked for."""
_SHOWN = timedelta(days=14)
_EACH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lost:
    """What came between these moments is lost."""

    since: datetime
    until: datetime


class Heard:
    """Of one bot."""

    def __init__(self, marks: Marks, clock: Clock, bot_id: str) -> None:
        self._marks = marks
        self._clock = clock
        self._name = f"telegram:{bot_id}:heard"
        self._until: datetime | None = None
        self._noted: datetime | None = None
        self.lost: Lost | None = None

    async def load(self) -> None:
        """What was noted before this run. Raises Unavailable."""
        self._until, self.lost, self._noted = None, None, None
        try:
            kept = json.loads(await self._marks.read(self._name) or "{}")
            self._until = datetime.fromisoformat(kept["until"])
            if "lost" in kept:
                self.lost = Lost(*(datetime.fromisoformat(one) for one in kept["lost"]))
        except (ValueError, KeyError, TypeError):
            return

    async def note(self) -> None:
        """All that came until now is stored. Raises Unavailable."""
        now = self._clock.now()
        if self._until is not None and now - self._until > KEPT:
            self.lost = Lost(self._until, now - KEPT)
        elif self._noted is not None and now - self._noted < _EACH:
            self._until = now
            return
        self._until = self._noted = now
        if self.lost is not None and now - self.lost.until > _SHOWN:
            self.lost = None
        kept: dict[str, object] = {"until": now.isoformat()}
        if self.lost is not None:
            kept["lost"] = [self.lost.since.isoformat(), self.lost.until.isoformat()]
        await self._marks.write(self._name, json.dumps(kept))

    def details(self) -> dict[str, str]:
        """For /system."""
        if self.lost is None:
            return {}
        return {"lost_since": self.lost.since.isoformat(), "lost_until": self.lost.until.isoformat()}
