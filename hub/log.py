"""Logs: one line per thing that happened, for people (`text`) or machines (`json`).

What is bound with `bound(...)` (event, call, shop) stands in every line below it. Secrets are masked
by name, and no value can forge a line: everything that is not printable is escaped.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

_SECRET = re.compile(r"pass(word|wd)?$|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
_IN_URL = re.compile(r"(://[^:/@\s]+:)[^@/\s]+@")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as it was logged; a trace stands below it, indented. `level` by its usual name."""

    at: datetime
    level: str
    text: str


class LogMemory(logging.Handler):
    """The last lines of this process. They are put into words only when somebody reads them: the line to
    the PBX logs many times a second."""

    def __init__(self, keep: int) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque(maxlen=max(0, keep))

    @property
    def room(self) -> int:
        """How many lines are kept."""
        return self._records.maxlen or 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it. A trace becomes text at once: it would hold on to everything that the code had."""
        if record.exc_info:
            self.format(record)
            kept = logging.makeLogRecord(record.__dict__)
            kept.exc_info = None
            record = kept
        self._records.append(record)

    def lines(self, at_least: str = "debug") -> list[LogLine]:
        """Those of this level and above, newest first."""
        least = _LEVELS.get(at_least, 0)
        return [
            LogLine(datetime.fromtimestamp(one.created, UTC), one.levelname.lower(), self.format(one))
            for one in reversed(list(self._records))
            if one.levelno >= least
        ]


@dataclass(frozen=True, slots=True)
class Told:
    """A line of another process of ours, on its way here: when (unix seconds), how loud (as `logging`
    counts), by which logger, and what was said."""

    at: float
    level: int
    logger: str
    said: dict[str, Any] | str


class Forwarded(logging.Handler):
    """Gives every line of this process to another one of ours, which writes them all."""

    def __init__(self, send: Callable[[Told], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it; who logs is not held up by a line that cannot be told."""
        try:
            self._send(Told(record.created, record.levelno, record.name, self._said(record)))
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            self.handleError(record)

    def _said(self, record: logging.LogRecord) -> dict[str, Any] | str:
        """What is no plain value becomes text here."""
        if not isinstance(record.msg, dict):
            return self.format(record)
        said = {key: value if isinstance(value, _PLAIN) else str(value) for key, value in record.msg.items()}
        if record.exc_info:
            said["exception"] = logging.Formatter().formatException(record.exc_info)
        return said


def forward(level: str, send: Callable[[Told], None]) -> None:
    """Set up logging for a process whose lines another one writes."""
    configure("text", level)
    logging.getLogger().handlers[:] = [Forwarded(send)]


def retell(told: Told) -> None:
    """Write a line of another process among our own."""
    record = logging.LogRecord(told.logger, told.level, "", 0, told.said, (), None)
    record.created = told.at
    if isinstance(told.said, dict):
        # What structlog leaves on a record of its own: the formatter goes by these two.
        record.__dict__ |= {"_logger": None, "_name": logging.getLevelName(told.level).lower()}
    logging.getLogger(told.logger).handle(record)


def configure(
    form: str = "text",
    level: str = "info",
    stream: IO[str] | None = None,
    memory: LogMemory | None = None,
) -> None:
    """Set up logging for the process: ours, and that of the libraries, in one form on one stream;
    `memory` keeps the last lines."""
    number = _LEVELS.get(level.lower(), logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _mask,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(shared, _as_json if form == "json" else _as_text))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if memory is not None:
        memory.setFormatter(_formatter(shared, _as_kept))
        root.handlers.append(memory)
    root.setLevel(max(number, logging.INFO))
    for chatty in ("aiohttp.access", "alembic", "asyncio", "sqlalchemy.pool"):
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))
    logging.getLogger("pitline").setLevel(number)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter(shared: list[Any], render: Any) -> logging.Formatter:
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[meta, render])


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger that says which part speaks."""
    return cast("FilteringBoundLogger", structlog.get_logger("pitline").bind(part=name))


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Every line logged inside carries these values (`event_id`, `call_id`, `shop_id`)."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def _mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if _SECRET.search(key):
            event[key] = "***"
        elif isinstance(value, str) and "://" in value:
            event[key] = _IN_URL.sub(r"\1***@", value)
    return event


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=True, default=str)


def _as_text(_logger: Any, _method: str, event: EventDict) -> str:
    at, level, said = event.pop("at", ""), event.pop("level", ""), event.pop("event", "")
    part, trace = event.pop("part", ""), event.pop("exception", None)
    values = " ".join(f"{_plain(key)}={_quoted(value)}" for key, value in event.items())
    head = f"{at} {level:<7} {_plain(str(part))}: {_plain(str(said))} {values}".rstrip()
    if trace is None:
        return head
    # A trace keeps its lines, each indented, so that none can pass for a line of its own.
    return "\n".join([head, *("    | " + _plain(line) for line in str(trace).splitlines())])


def _as_kept(logger: Any, method: str, event: EventDict) -> str:
    """Its moment and level stand apart."""
    event.pop("at", None)
    event.pop("level", None)
    return _as_text(logger, method, event).strip()


def _quoted(value: object) -> str:
    text = _plain(str(value))
    return f'"{text}"' if " " in text or "=" in text or not text else text


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text
    )
