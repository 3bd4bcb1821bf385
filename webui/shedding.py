"""While the database is slow, what reads much is told to come again, so that calls have the connections."""

from __future__ import annotations

from hub.errors import Unavailable
from hub.kernel.storage.pressure import Pressure
from hub.kernel.web import ApiOperation, Route

SLOW = 1.0
"""Seconds that a session waits for its connection before the heavy ones are refused."""
COME_AGAIN = 5.0


class Shedding:
    """Asked before anything else of a request, for that would need the database already."""

    def __init__(self, pressure: Pressure) -> None:
        self._pressure = pressure

    def check(self, what: Route | ApiOperation) -> None:
        """Raises Unavailable (`database.slow`, with `retry_after`)."""
        if what.is_heavy and self._pressure.seconds > SLOW:
            raise Unavailable(
                "database.slow",
                "The database is slow just now, and calls go first.",
                "Try again in a few seconds.",
                data={"retry_after": COME_AGAIN},
            )
