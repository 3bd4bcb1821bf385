"""Runs the hot path and tells the world what came of it, for intake and relay alike.

Intake runs it in the transaction that stores the facts: one commit, and the hint is out. The relay
runs it for what other units of work published, for retries, and for whatever a kill left behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from hub.kernel.stream.batch import Outcome
from hub.kernel.stream.hotpath import HotPath
from hub.kernel.stream.outbox import Fact, Stored
from hub.kernel.stream.wakeup import RelayCounters, Wakeup
from hub.log import get_logger
from hub.ports.live import LiveSink


class HotLine:
    """The hot path with its hints, counters and wake-ups."""

    def __init__(self, hot: HotPath, live: LiveSink, bell: Wakeup, counters: RelayCounters) -> None:
        self._hot = hot
        self._live = live
        self._bell = bell
        self._counters = counters
        self._log = get_logger("hub.relay")
        self.is_behind = True

    def take(
        self, connection: Connection, facts: Sequence[Fact], rows: Sequence[dict[str, Any]]
    ) -> tuple[Stored, Outcome]:
        """Store fresh facts and handle them in this transaction; `committed` must follow its commit."""
        return self._hot.take(connection, facts, rows)

    def run(self, connection: Connection) -> Outcome:
        """Handle one batch in this transaction; `committed` must follow its commit."""
        return self._hot.run(connection)

    def committed(self, outcome: Outcome) -> bool:
        """Send the hints of a committed batch. True when more work waits at once."""
        self.is_behind = outcome.is_full
        for hint in outcome.hints:
            self._live.publish(hint)
        self._bell.ring(outcome.stored)
        if outcome.retry_in is not None:
            self._bell.ring_in(outcome.retry_in)
        if outcome.handled:
            counters = self._counters
            counters.batches += 1
            counters.handled += outcome.handled
            counters.largest_batch = max(counters.largest_batch, outcome.handled)
            self._log.debug("handled a batch", deliveries=outcome.handled)
        return outcome.is_full or (outcome.failed > 0 and outcome.handled > 0)
