"""Messages by their words, when there are very many."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from hub.modules.messaging.service_search import by_index, has_words
from tests.modules.messaging.wire import OLEH, House, wrote

FILL = """
    INSERT INTO messaging_messages (id, rev, shop_id, conversation_id, channel, account, address, direction,
        state, text, created_at)
    SELECT 'm' || k, 1, shop_id, conversation_id, channel, account, address, direction, state,
        'Octavia ' || k, created_at
    FROM messaging_messages, generate_series(1, 20000) AS k
"""


async def found(house: House, asked: str, shops: frozenset[str] | None = None) -> list[str]:
    async with house.api() as api:
        return [one.text for one in await api.searching.messages(asked, shops, limit=2)]


async def moved(house: House, number: int, shop: str) -> None:
    """This message belongs to another shop."""
    async with house.uow() as uow:
        statement = "UPDATE messaging_messages SET shop_id = :shop WHERE provider_id = :id"
        await uow.session.execute(text(statement), {"shop": shop, "id": f"IN{number}"})


async def test_the_newest_of_many_come_first_and_an_old_one_behind_them_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.modules.messaging.service_search._NEAR", 3)
    await house.tell(wrote("the engine knocks", 1), times=1)
    await house.tell(*(wrote(f"Octavia {number}", number) for number in range(2, 8)), times=1)
    assert await found(house, "octav") == ["Octavia 7", "Octavia 6"]
    assert await found(house, "knock") == ["the engine knocks"]
    assert await found(house, "knock octav") == []


async def test_a_message_of_ones_own_shop_is_found_behind_newer_ones_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.modules.messaging.service_search._NEAR", 3)
    await house.tell(*(wrote(f"Octavia {number}", number, address=OLEH) for number in range(1, 8)), times=1)
    await moved(house, 1, "podil")
    assert await found(house, "octav", frozenset({"podil"})) == ["Octavia 1"]
    assert await found(house, "octav", frozenset()) == []


@pytest.mark.postgres
async def test_a_word_that_stands_nowhere_is_looked_up_in_the_index_and_not_in_each_message(
    house: House,
) -> None:
    await house.tell(wrote("Octavia"), times=1)
    query = by_index(has_words(["knocks"]), 30)
    asked = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with house.uow() as uow:
        await uow.session.execute(text(FILL))
        await uow.session.execute(text("ANALYZE messaging_messages"))
        plan = await uow.session.execute(text("EXPLAIN " + str(asked).replace(":", "\\:")))
        lines = "\n".join(row[0] for row in plan.all())
    assert "messaging_search" in lines
