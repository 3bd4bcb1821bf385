"""Look-ups that share a visit: each gets its own answer, and its own fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import Any, cast

import pytest
from sqlalchemy import Connection, text

from hub.kernel.storage.database import Database
from hub.kernel.storage.glances import Glances


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    await made.open()
    yield made
    await made.close()


def broken(connection: Connection) -> int:
    raise LookupError(f"no such row in {connection.dialect.name}")


async def one(database: Database, value: int) -> int:
    found: int = await database.glance(lambda connection: connection.scalar(text(f"SELECT {value}")))
    return found


async def test_what_is_asked_at_once_is_answered_each_with_its_own(database: Database) -> None:
    assert await asyncio.gather(*[one(database, value) for value in range(20)]) == list(range(20))


async def test_of_many_that_share_a_visit_only_the_one_that_fails_fails(database: Database) -> None:
    answers = await asyncio.gather(
        one(database, 1), database.glance(broken), one(database, 3), return_exceptions=True
    )
    assert answers[0] == 1
    assert isinstance(answers[1], LookupError)
    assert answers[2] == 3


async def test_who_is_cancelled_leaves_the_others_their_answer(database: Database) -> None:
    first = asyncio.create_task(database.glance(lambda connection: connection.scalar(text("SELECT 1"))))
    other = asyncio.create_task(database.glance(lambda connection: connection.scalar(text("SELECT 2"))))
    await asyncio.sleep(0)
    first.cancel()
    assert await other == 2
    assert first.cancelled()


async def test_those_of_one_turn_of_the_loop_share_a_visit() -> None:
    visits: list[int] = []

    def visit(job: Callable[[Connection], Any], told: Callable[[Future[Any]], None]) -> None:
        done: Future[Any] = Future()
        done.set_result(job(cast("Connection", None)))
        visits.append(len(done.result()))
        told(done)

    glances = Glances(visit)
    found = await asyncio.gather(*[glances.ask(lambda _, n=n: n) for n in range(10)])  # type: ignore[misc]
    assert (found, visits) == (list(range(10)), [10])
