"""Visits of the event loop to a thread of the database.

Each turn of a busy loop is a wait of its own, so the loop hears of the end of a visit in the turn in which
the thread told it, and whoever waits goes on in the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

R = TypeVar("R")


def visit(threads: ThreadPoolExecutor, job: Callable[[], R], told: Callable[[Future[R]], None]) -> None:
    """Run a job in one of the threads; `told` is called in the event loop. Raises RuntimeError where the
    threads are gone."""
    threads.submit(job).add_done_callback(partial(_tell, asyncio.get_running_loop(), told))


def _tell(loop: asyncio.AbstractEventLoop, told: Callable[[Future[R]], None], done: Future[R]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(told, done)


def hand_over(done: Future[R], answer: asyncio.Future[R]) -> None:
    """Give what a visit returned or raised to the one who waits, if anybody still does."""
    if answer.done():
        return
    if done.cancelled():
        answer.cancel()
    elif (error := done.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())
