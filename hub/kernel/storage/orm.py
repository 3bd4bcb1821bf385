"""What every table shares: the declarative base, times that stay aware and in UTC, ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from hub.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(map("".join, product(_ALPHABET, repeat=2)))
"""What ten bits are written as."""
_NAIVE = "a moment without a zone must not reach the database"


class Base(DeclarativeBase):
    """All tables of all modules; constraints are named, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. Naive ones are refused on the way in; always UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=4096)
def _sqlite_text(value: datetime | None) -> str | None:
    """What SQLAlchemy's own two steps write, in one, and remembered: of a call the same few moments are
    stored again and again."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NAIVE)
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


def new_id(clock: Clock) -> str:
    """A ULID: 10 characters of milliseconds, 16 of chance; sorts by the time it was made."""
    return _ulid(clock.now(), int.from_bytes(os.urandom(10), "big"))


def first_id(at: datetime) -> str:
    """The least that `new_id` can give at this moment: what was made since then is not below it."""
    return _ulid(at, 0)


def _ulid(at: datetime, chance: int) -> str:
    number = (int(at.timestamp() * 1000) << 80) | chance
    return ulid_text(number)


def ulid_text(number: int) -> str:
    """130 bits as 26 characters."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
