"""Several hub processes on one PostgreSQL and one Redis, and the database itself as their judge."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.flows.hub_process import HubProcess
from tests.patience import within

_CALLS = text("SELECT id, from_number, state, result, answered_by, is_complete FROM calls_calls ORDER BY id")
_DELIVERIES = text("SELECT state, count(*) FROM event_delivery GROUP BY state")
_HOLDER = text(
    "SELECT owner, state FROM link_leases WHERE name = 'ami'"
    " AND held_until > extract(epoch FROM clock_timestamp())"
)


class Judge:
    """Reads what is in the database, past every process."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, pool_pre_ping=True)

    async def calls(self) -> list[Any]:
        """Every call that is stored."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(_CALLS)).all())

    async def deliveries(self) -> dict[str, int]:
        """How many deliveries there are by state."""
        async with self._engine.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(_DELIVERIES)}

    async def holder(self) -> tuple[str, str]:
        """Who holds the line to the PBX and how it is; nothing when nobody does."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_HOLDER)).first()
        return (row.owner, row.state) if row is not None else ("", "")

    async def close(self) -> None:
        await self._engine.dispose()


async def holding(judge: Judge, among: list[HubProcess], seconds: float = 15.0) -> tuple[HubProcess, float]:
    """The process that holds the line and is connected, and the seconds that it took to be so."""
    began = time.monotonic()
    while time.monotonic() - began < within(seconds):
        owner, state = await judge.holder()
        found = [hub for hub in among if owner.endswith(f"process {hub.pid}")]
        if found and state == "ready":
            return found[0], time.monotonic() - began
        await asyncio.sleep(0.02)
    raise AssertionError(f"nobody holds the line after {seconds} s")


@asynccontextmanager
async def several(
    count: int, folder: Path, database_url: str, settings: Mapping[str, str]
) -> AsyncIterator[tuple[list[HubProcess], Judge]]:
    """So many processes, begun one after the other, who all know one token."""
    async with AsyncExitStack() as stack:
        judge = Judge(database_url)
        stack.push_async_callback(judge.close)
        hubs = []
        for number in range(count):
            own = folder / str(number)
            own.mkdir()
            shared = {"HUB_SEALING__KEY_FILE": str(folder / "pitline.key"), **settings}
            hub = HubProcess(own, shared, database_url=database_url)
            hub.share_token(hubs[0] if hubs else None)
            hubs.append(hub)
        for hub in hubs:
            stack.push_async_callback(hub.stop)
        await asyncio.gather(*(hub.start() for hub in hubs))
        yield hubs, judge


@asynccontextmanager
async def listening(hub: HubProcess) -> AsyncIterator[asyncio.Queue[tuple[str, float]]]:
    """The hints that a program hears at this process, with the moment of each."""
    heard: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            heard.put_nowait((json.loads(message.data)["topic"], time.monotonic()))

    headers = {"Authorization": f"Bearer {hub.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(f"{hub.url}/live") as socket,
    ):
        task = asyncio.create_task(listen(socket))
        try:
            yield heard
        finally:
            task.cancel()
