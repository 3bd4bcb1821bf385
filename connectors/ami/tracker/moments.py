"""When something happened, by two clocks that are never subtracted from one another."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from connectors.ami.message import Message


class Moment(NamedTuple):
    """`stamp` is the PBX's own clock (header `Timestamp`, where it sends one), `arrival` is ours.
    `is_guess`: it was so by then, but since when nobody saw."""

    stamp: float | None
    arrival: float
    is_guess: bool = False

    @classmethod
    def of(cls, message: Message, arrived_at: datetime) -> Moment:
        """The moment of a message."""
        stamp: float | None = None
        text = peek(message, b"\nTimestamp:")
        if text:
            try:
                stamp = float(text)
            except ValueError:
                return cls(None, _seconds(arrived_at))
            if not 0 < stamp < _TOO_LATE:
                stamp = None
        return cls(stamp, _seconds(arrived_at))

    @classmethod
    def arrived(cls, at: datetime) -> Moment:
        """A moment that only our own clock knows."""
        return cls(None, _seconds(at))

    @property
    def at(self) -> datetime:
        """The PBX's time where it is known, else ours."""
        return _in_utc(self.arrival if self.stamp is None else self.stamp)

    def since(self, earlier: Moment) -> float:
        """Seconds from the earlier moment, by one clock, never below zero."""
        if self.stamp is not None and earlier.stamp is not None:
            return max(0.0, self.stamp - earlier.stamp)
        return max(0.0, self.arrival - earlier.arrival)

    def is_before(self, other: Moment) -> bool:
        """Which came first, by the PBX's clock where both have it: many messages arrive in one read."""
        if self.stamp is not None and other.stamp is not None:
            return self.stamp < other.stamp
        return self.arrival < other.arrival

    def back(self, seconds: float) -> Moment:
        """So many seconds before, by our own clock."""
        return Moment(None, self.arrival - seconds)


@lru_cache(maxsize=64)
def _seconds(at: datetime) -> float:
    """What comes in one read of the socket has one arrival."""
    return at.timestamp()


@lru_cache(maxsize=4096)
def _in_utc(seconds: float) -> datetime:
    """A call tells the same few moments with each of its facts."""
    return datetime.fromtimestamp(seconds, UTC)


_TOO_LATE = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def earliest(moments: Iterable[Moment]) -> Moment | None:
    """The first of them; of those told at once the one that came first."""
    first: Moment | None = None
    for moment in moments:
        if first is None or moment.is_before(first):
            first = moment
    return first


def latest(moments: Iterable[Moment]) -> Moment | None:
    """The last of them; of those told at once the one that came last."""
    last: Moment | None = None
    for moment in moments:
        if last is None or not moment.is_before(last):
            last = moment
    return last


def peek(message: Message, header: bytes) -> bytes:
    """A header's value without reading the others: most messages are looked at only so far."""
    start = message.raw.find(header)
    if start < 0:
        return b""
    start += len(header)
    end = message.raw.find(b"\n", start)
    return message.raw[start : end if end >= 0 else None].strip()


def one_decimal(seconds: float) -> float:
    """Rounded half up to one decimal."""
    if not seconds:
        return 0.0
    return math.floor(round(seconds * 10, 6) + 0.5) / 10
