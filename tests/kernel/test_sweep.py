"""What the hub does with garbage that outlived the collector's short rounds."""

from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hub.kernel.processes import settling
from tests.patience import within

_LOOKS = 5


class Ring:
    """Refers to itself: only a round of the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def gone() -> Iterator[asyncio.Event]:
    """Says that garbage in the oldest generation was found; no round of the collector comes by itself."""
    gc.disable()
    ring, gone = Ring(), asyncio.Event()
    weakref.finalize(ring, gone.set)
    gc.collect()
    del ring
    yield gone
    gc.enable()


class Commits:
    """The counter of a database in which something is written between the first looks at it."""

    def __init__(self, gone: asyncio.Event) -> None:
        self.gone = gone
        self.looks = 0
        self.was_there = True

    @property
    def commits(self) -> int:
        self.looks += 1
        if self.looks <= _LOOKS:
            self.was_there = self.was_there and not self.gone.is_set()
        return min(self.looks, _LOOKS)


async def test_old_garbage_goes_when_nobody_writes_and_not_before(
    gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_SWEEP_EVERY", 0.05)
    monkeypatch.setattr(settling, "_QUIET", 0.0)
    database = Commits(gone)
    sweeping = asyncio.create_task(settling.sweep(lambda: database.commits))
    async with asyncio.timeout(within(10)):
        await gone.wait()
    assert database.was_there
    assert database.looks > _LOOKS
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping


async def test_old_garbage_goes_also_where_somebody_always_writes(
    gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_SWEEP_EVERY", 0.05)
    monkeypatch.setattr(settling, "_QUIET", 0.0)
    counter = itertools.count()

    sweeping = asyncio.create_task(settling.sweep(lambda: next(counter)))
    async with asyncio.timeout(within(10)):
        await gone.wait()
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping
