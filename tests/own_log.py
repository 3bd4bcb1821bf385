"""What is logged while a test looks: by a logger of one's own, handed to what is tested, whatever else the
process has set up for its logs; or by the whole program, set up as a hub sets it up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict, FilteringBoundLogger

from hub import log
from tests.thrift import log_plainly


@contextmanager
def whole_log() -> Iterator[log.LogMemory]:
    """The last hundred lines of everybody, while it is open."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    memory = log.LogMemory(100)
    log.configure("json", "info", memory=memory)
    try:
        yield memory
    finally:
        log_plainly()
        root.handlers[:] = before
        root.setLevel(level)


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
