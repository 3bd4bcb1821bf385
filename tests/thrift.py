"""What thousands of hubs in one test process would each do anew, and one hub does once in its life:
compiling SQL, making hashes that are slow on purpose, drawing traces that nobody looks at, and looking
through a heap that stays; and what keeps hubs that are long closed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest
import structlog
from aiohttp import web_app
from argon2 import PasswordHasher
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

from hub.modules.access import passwords

_CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_ROOM = 10_000


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """All engines of one kind have one cache of compiled statements, as the engines of one hub have in
    a life that is longer than a test: for that, their dialects count as the same one."""
    caches: dict[object, Any] = {}
    build = Engine.__init__

    def kind(dialect: DefaultDialect) -> tuple[object, ...]:
        return type(dialect), type(dialect.dbapi), getattr(dialect, "server_version_info", None)

    def is_same(dialect: DefaultDialect, other: object) -> bool:
        return dialect is other or (isinstance(other, DefaultDialect) and kind(dialect) == kind(other))

    def init(engine: Engine, *given: Any, **named: Any) -> None:
        build(engine, *given, **named)
        own: Any = engine._compiled_cache
        own.capacity = _ROOM
        engine._compiled_cache = caches.setdefault((type(engine.dialect), type(engine.dialect.dbapi)), own)

    patch.setattr(DefaultDialect, "__eq__", is_same)
    patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
    patch.setattr(Engine, "__init__", init)


def let_applications_go(patch: pytest.MonkeyPatch) -> None:
    """aiohttp keeps the last 1,024 handlers with their middlewares, and with them the application and its
    hub: of as many tests, two gigabytes. A hub that runs has one application."""
    patch.setattr(web_app, "_cached_build_middleware", lru_cache(32)(web_app._build_middlewares))


def make_passwords_cheap(patch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords cost a fortieth. Who judges them asks for the fixture `true_passwords`."""
    passwords.hash_of_nobody.cache_clear()
    patch.setattr(passwords, "_hasher", lambda: _CHEAP)


@contextmanager
def true_hashes() -> Iterator[None]:
    """The program's own parameters again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", _TRUE)
        passwords.hash_of_nobody.cache_clear()
        yield
    passwords.hash_of_nobody.cache_clear()


_TRUE = passwords._hasher


def log_plainly() -> None:
    """Traces as Python writes them: structlog's own, in a box with every variable, take seconds each."""
    structlog.reset_defaults()  # a test may have set up the program's own
    render = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ]
    )


def collect_seldom() -> None:
    """Most of what a test makes is garbage without a round of the collector, and at Python's own thresholds
    its rounds are an eighth of a test's time. All of it is still looked through every few dozen hubs."""
    gc.set_threshold(20_000, 5, 20)


def spare_the_heap() -> None:
    """What is loaded by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
