"""The one point that the bot gave out becomes that of a shop, and never of the wrong one."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import revisions, upgrade

PINS = "0145_map_pins"
_SHOP = (
    "INSERT INTO access_shops (id, name, country, timezone, currency, language, created_at, rev)"
    " VALUES ('lviv', 'x', 'UA', 'Europe/Kyiv', 'UAH', 'uk', '2026-01-05 07:02:10', 1)"
)
_TEMPLATE = (
    "INSERT INTO messaging_templates (id, rev, title, text, latitude, longitude, updated_at)"
    " VALUES ('t1', 1, 'Address', 'Here', 50.45, 30.52, '2026-01-05 07:02:10')"
)


@pytest.mark.slow
async def test_only_the_first_shop_of_several_gets_the_point_that_there_was(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    await database.open()
    found = await database.write(_points)
    await database.close()
    assert found == [("lviv", None, None), ("main", 50.45, 30.52)]


def _points(connection: Connection) -> list[tuple[object, ...]]:
    upgrade(connection, revisions()[revisions().index(PINS) - 1])
    connection.execute(text(_SHOP))
    connection.execute(text(_TEMPLATE))
    upgrade(connection, PINS)
    query = text("SELECT id, latitude, longitude FROM access_shops ORDER BY id")
    return [tuple(row) for row in connection.execute(query)]
