"""A logger of one's own, handed to what is tested: whatever else the process has set up for its logs."""

from __future__ import annotations

from typing import cast

import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict, FilteringBoundLogger


class OwnLog:
    """`log` is handed in; `said` grows by what it is told: `event`, `log_level` and the values."""

    def __init__(self) -> None:
        capture = LogCapture()
        self.said: list[EventDict] = capture.entries
        made = structlog.wrap_logger(
            None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
        )
        self.log = cast("FilteringBoundLogger", made.bind())

    def at(self, level: str) -> list[EventDict]:
        """What was said at this level."""
        return [one for one in self.said if one["log_level"] == level]
