"""Waits until what was told was handled."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, text

from hub.app import Hub


def waiting(connection: Connection) -> int:
    """How many deliveries are not done yet."""
    query = "SELECT count(*) FROM event_delivery WHERE state = 'pending'"
    return int(connection.execute(text(query)).scalar_one())


async def settled(hub: Hub) -> None:
    """The facts so far were handled."""
    await hub.relay.start()
    for _ in range(1000):
        if await hub.database.read(waiting) == 0:
            break
        await asyncio.sleep(0.01)
    await hub.relay.stop(1.0)
    assert await hub.database.read(waiting) == 0
