"""Readers of /live in a process of their own, so that only the hub is measured with the hub.

`python -m tests.faults.listeners` takes one line of JSON (port, tokens, how many sockets each), says `ready`,
listens until the next line, and tells what it heard."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop


async def _listen(ws: aiohttp.ClientWebSocketResponse, late: list[float]) -> None:
    async for message in ws:
        place = message.data.find("STAMP:")
        if place >= 0:
            late.append(time.perf_counter() - float(message.data[place + 6 :].partition(":")[0]))


async def _main() -> None:
    loop, late = asyncio.get_running_loop(), list[float]()
    asked: dict[str, Any] = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    url = f"http://127.0.0.1:{asked['port']}/live"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        sockets = [
            await http.ws_connect(url, headers={"Authorization": f"Bearer {token}"})
            for token in asked["tokens"]
            for _ in range(asked["each"])
        ]
        tasks = [asyncio.create_task(_listen(ws, late)) for ws in sockets]
        print("ready", flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
        late.sort()
        p99 = late[int(len(late) * 0.99)] if late else 0.0
        closed = sum(ws.closed for ws in sockets)
        print(json.dumps({"heard": len(late), "p99_ms": p99 * 1000, "closed": closed}), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    uvloop.run(_main())
