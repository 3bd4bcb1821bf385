"""Live browsers on a hub process: 300 WebSockets, of which 30 never read, while calls come in. How long
after a call rings at the PBX each of the others hears of it, how far apart they hear, and the memory.

    python -m tests.bench.bench_live [--seconds 40] [--calls-per-second 5] [--sockets 300] [--silent 30]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from hub import log
from tests.bench.machine import machine
from tests.faults.shop_pbx import ShopPbx, shop_pbx
from tests.flows.hub_process import HubProcess
from webui.live import MOST_SOCKETS

LATEST, MEMORY = 500.0, 100.0
"""Targets: milliseconds at p99, megabytes more."""


@dataclass
class Heard:
    """When calls rang at the PBX, in their order, and when who heard what."""

    rang: list[float] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    first: dict[tuple[str, str, int], float] = field(default_factory=dict)
    apart: list[float] = field(default_factory=list)
    told: int = 0

    def take(self, text: str, known: set[str], at: float) -> None:
        """A hint at one browser; `known`: the calls it has heard of."""
        said = json.loads(text)
        if said.get("topic") != "call":
            return
        self.told += 1
        first = self.first.setdefault((said["topic"], said["id"], said["rev"]), at)
        self.apart.append((at - first) * 1000)
        place = self.calls.setdefault(said["id"], len(self.calls))
        if said["id"] not in known:
            known.add(said["id"])
            self.late.append((at - self.rang[place]) * 1000)


async def _listen(ws: aiohttp.ClientWebSocketResponse, heard: Heard) -> None:
    known: set[str] = set()
    async for message in ws:
        if message.type is aiohttp.WSMsgType.TEXT:
            heard.take(message.data, known, time.monotonic())


async def _silent(hub: HubProcess, token: str) -> asyncio.StreamWriter:
    """One that shakes hands and never reads again, with as little room as a socket can have."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", hub.port))
    reader, writer = await asyncio.open_connection(sock=made, limit=4096)
    writer.write(
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{hub.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return writer


async def _call(pbx: ShopPbx, heard: Heard) -> None:
    heard.rang.append(time.monotonic())
    made = pbx.dial_in()
    await asyncio.sleep(1.0)
    pbx.answer(made)
    await asyncio.sleep(3.0)
    pbx.hang_up(made)


def _memory(hub: HubProcess) -> float:
    status = Path(f"/proc/{hub.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def _processor(hub: HubProcess) -> float:
    fields = Path(f"/proc/{hub.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def main(seconds: float, rate: float, sockets: int, silent: int) -> int:
    """Print the figures; 1 when one misses its target."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pitline-bench-")))
        pbx = await stack.enter_async_context(shop_pbx())
        hub = await stack.enter_async_context(HubProcess(folder, pbx.settings))
        tokens = [
            await asyncio.to_thread(hub.new_token)
            for _ in range((sockets + MOST_SOCKETS - 1) // MOST_SOCKETS)
        ]
        heard = Heard()
        async with asyncio.TaskGroup() as calls:  # warm, before anybody listens
            for _ in range(20):
                calls.create_task(_call(pbx, Heard()))
        before = _memory(hub)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        readers, writers = [], []
        for number in range(sockets):
            token = tokens[number // MOST_SOCKETS]
            if number < silent:
                writers.append(await _silent(hub, token))
                continue
            headers = {"Authorization": f"Bearer {token}"}
            readers.append(await http.ws_connect(f"{hub.url}/live", headers=headers))
        listening = [asyncio.create_task(_listen(ws, heard)) for ws in readers]
        opened, used = _memory(hub), _processor(hub)
        async with asyncio.TaskGroup() as calls:
            for _ in range(int(seconds * rate)):
                calls.create_task(_call(pbx, heard))
                await asyncio.sleep(1 / rate)
        after, used = _memory(hub), _processor(hub) - used
        lost = len(heard.rang) * len(readers) - len(heard.late)
        dropped = sum(ws.closed for ws in readers)
        for task in listening:
            task.cancel()
        for writer in writers:
            writer.close()
        for ws in readers:
            await ws.close()
    p99 = _quantile(heard.late, 0.99)
    print(machine())
    print(
        f"{len(readers)} browsers that read, {silent} that do not, {len(heard.rang)} calls in "
        f"{seconds:.0f} s, {heard.told} hints heard, {lost} not heard, {dropped} readers dropped"
    )
    print(
        f"from the ring at the PBX to the hint: p50 {_quantile(heard.late, 0.5):.0f} ms, p99 {p99:.0f} ms, "
        f"longest {max(heard.late):.0f} ms (wanted {LATEST:.0f}); first to last browser of one hint: "
        f"p99 {_quantile(heard.apart, 0.99):.0f} ms"
    )
    print(
        f"memory {before:.0f} MB, {opened:.0f} with the sockets, {after:.0f} at the end: "
        f"{after - before:.0f} MB more (wanted {MEMORY:.0f}); {used / (seconds + 4):.2f} of a core"
    )
    return int(p99 > LATEST or after - before > MEMORY or lost > 0 or dropped > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--calls-per-second", type=float, default=5.0)
    parser.add_argument("--sockets", type=int, default=300)
    parser.add_argument("--silent", type=int, default=30)
    chosen = parser.parse_args()
    log.configure("text", "error", sys.stderr)
    sys.exit(uvloop.run(main(chosen.seconds, chosen.calls_per_second, chosen.sockets, chosen.silent)))
