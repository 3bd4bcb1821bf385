"""The peer of the call-to-card bench: panoramisk straight to a WebSocket, no database, no rights,
nothing kept. What it takes is the floor that a hub with a memory is compared with.

    python -m tests.bench.peer_relay AMI_PORT    (prints the port of its WebSocket)
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiohttp import web
from panoramisk import Manager


async def main(ami_port: int) -> None:
    sockets: set[web.WebSocketResponse] = set()

    async def live(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.add(socket)
        async for _ in socket:
            pass
        sockets.discard(socket)
        return socket

    manager = Manager(host="127.0.0.1", port=ami_port, username="bench", secret="bench")

    @manager.register_event("DialBegin")
    async def on_dial_begin(_: Manager, message: Any) -> None:
        for socket in sockets:
            await socket.send_json({"number": "+" + message["CallerIDNum"], "to": message["DestChannel"]})

    app = web.Application()
    app.router.add_get("/live", live)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await manager.connect()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
