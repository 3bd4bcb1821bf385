"""Waits until what was told was handled."""

from __future__ import annotations

from sqlalchemy import Connection, text

from hub.app import Hub
from tests.kernel.waiting import until


def waiting(connection: Connection) -> int:
    """How many deliveries are not done yet."""
    query = "SELECT count(*) FROM event_delivery WHERE state = 'pending'"
    return int(connection.execute(text(query)).scalar_one())


async def settled(hub: Hub) -> None:
    """The facts so far were handled."""
    await hub.relay.start()

    async def nothing_waits() -> bool:
        return await hub.database.read(waiting) == 0

    await until(nothing_waits)
    await hub.relay.stop(1.0)
