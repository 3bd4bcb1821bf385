"""Logs: one line per thing that happened, for people (`text`) or machines (`json`).

What is bound with `bound(...)` (event, call, shop) stands in every line below it. Secrets are masked
by name, and no value can forge a line: everything that is not printable is escaped.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

_SECRET = re.compile(r"pass(word|wd)?$|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
_IN_URL = re.compile(r"(://[^:/@\s]+:)[^@/\s]+@")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def configure(form: str = "text", level: str = "info", stream: IO[str] | None = None) -> None:
    """Set up logging for the process: ours, and that of the libraries, in one form on one stream."""
    number = _LEVELS.get(level.lower(), logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _mask,
    ]
    render = _as_json if form == "json" else _as_text
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
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


def _quoted(value: object) -> str:
    text = _plain(str(value))
    return f'"{text}"' if " " in text or "=" in text or not text else text


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text
    )
