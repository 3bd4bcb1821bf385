"""What processes of one installation know of the bot: by the database that they share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.telegram.connections import Connections
from connectors.telegram.connector import Telegram
from hub.clock import SystemClock
from hub.kernel.processes.marks import StoredMarks
from hub.kernel.storage.database import Database
from tests.connectors.contract import connected
from tests.connectors.telegram.stage import BOT_ID, OLEH, Box, config, practice


@pytest.fixture
async def marks(database_url: str) -> AsyncIterator[tuple[StoredMarks, StoredMarks]]:
    """Of two processes; SQLite has one."""
    first, second = Database(database_url), Database(database_url)
    await first.open()
    await second.open()
    yield StoredMarks(first, SystemClock()), StoredMarks(second, SystemClock())
    await second.close()
    await first.close()


def body(number: int, date: int, *, is_enabled: bool = True) -> dict[str, object]:
    return {"id": f"B{number}", "user": {"id": OLEH}, "is_enabled": is_enabled, "date": date}


async def test_connections_noted_at_once_by_two_processes_are_all_kept(
    marks: tuple[StoredMarks, StoredMarks],
) -> None:
    both = [Connections(one, str(BOT_ID)) for one in marks]
    await asyncio.gather(*(both[n % 2].note(body(n, n)) for n in range(20)))
    third = Connections(marks[0], str(BOT_ID))
    await third.load()
    assert set(third._known) == {f"B{n}" for n in range(20)}


async def test_of_two_words_about_a_connection_the_later_one_counts(
    marks: tuple[StoredMarks, StoredMarks],
) -> None:
    both = [Connections(one, str(BOT_ID)) for one in marks]
    await both[0].note(body(1, 20, is_enabled=False))
    await both[1].note(body(1, 10))
    await both[0].load()
    assert not both[0]._known["B1"].is_enabled


@pytest.mark.slow
async def test_a_process_without_the_link_knows_what_the_bot_is_called(
    marks: tuple[StoredMarks, StoredMarks],
) -> None:
    async with practice() as telegram:
        owner, other = (Telegram(config(api_base=telegram.base), SystemClock()) for _ in range(2))
        owner.stored_by(Box(owner))
        owner.marked_by(marks[0])
        other.marked_by(marks[1])
        assert await other.bot_name() == ""
        async with connected(owner):
            assert await other.bot_name() == await owner.bot_name() == "practice_shop_bot"
