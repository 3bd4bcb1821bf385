"""Look-ups by key that are asked for in one turn of the event loop share one visit to a reading thread.

A visit costs the loop several times what such a look-up does, and they come in bursts: whoever hears of
five calls at once asks for five. Only for what takes well under a millisecond, for each waits for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from hub.errors import Unavailable

R = TypeVar("R")
Visit = Callable[[Callable[[Connection], Any], Callable[[Future[Any]], None]], None]
_Asked = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Glances:
    """`visit` runs a job in a reading thread, in one transaction, and tells what became of it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._asked: list[_Asked] = []

    async def ask(self, work: Callable[[Connection], R]) -> R:
        """What `work` returns or raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._go)
        self._asked.append((work, answer))
        return await answer

    def _go(self) -> None:
        asked, self._asked = self._asked, []
        self._look(asked)

    def _look(self, asked: Sequence[_Asked]) -> None:
        try:
            self._visit(
                lambda connection: [work(connection) for work, _ in asked], partial(self._settle, asked)
            )
        except (RuntimeError, Unavailable) as error:  # the threads are gone, or not there yet
            _fail(asked, error)

    def _settle(self, asked: Sequence[_Asked], visit: Future[Any]) -> None:
        """One that fails must not take the others with it: then each looks by itself."""
        if visit.cancelled():
            for _, answer in asked:
                answer.cancel()
            return
        failed = visit.exception()
        if failed is None:
            for (_, answer), found in zip(asked, visit.result(), strict=True):
                if not answer.done():
                    answer.set_result(found)
        elif len(asked) > 1:
            for one in asked:
                self._look([one])
        else:
            _fail(asked, failed)


def _fail(asked: Sequence[_Asked], error: BaseException) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(error)
