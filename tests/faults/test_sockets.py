"""F82, F83: live sockets that never read, that shout, that come by the thousand. The others hear what they
should hear in time, the loop stays quick, and nothing piles up."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

import webui.live
from hub.ports.live import Hint
from hub.values import ShopId
from tests.faults.figures import Fault
from tests.flows.hub_process import HubProcess
from tests.patience import within
from tests.webui.stage import Shop
from webui.app import SITE
from webui.live import MOST_SOCKETS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
NEVER_READ, GOOD = 10, 20


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _frame(opcode: int, payload: bytes, *, flags: int = 0x80) -> bytes:
    """A client's frame, masked as the protocol demands."""
    size, mask = len(payload), secrets.token_bytes(4)
    head = bytes([flags | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


async def _raw(port: int, token: str, *, small: bool = False) -> tuple[Any, Any, int]:
    """A bare connection after its handshake: reader, writer, status."""
    made = socket.socket()
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=made, limit=4096 if small else 2**16)
    writer.write(
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), within(20))
    assert b"permessage-deflate" not in head
    return reader, writer, int(head.split()[1])


@pytest.mark.fault("F82")
async def test_who_never_reads_is_dropped_and_the_others_hear_in_time(
    shop: Shop, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's buffers are made small and the patience short, so that seconds stand for minutes."""
    monkeypatch.setattr(webui.live, "SEND_TIMEOUT", 1.0)
    rounds = fault.count(full=10, sample=1)
    (site,) = shop.server.runner.sites
    for one in site._server.sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sockets = shop.server.app[SITE].sockets
    good = await shop.signed_in("owner")
    origin = {"Origin": str(good.make_url("/")).rstrip("/")}
    port = int(shop.server.port or 0)
    for _ in range(rounds):
        token = await shop.token("owner")
        readers = [await good.ws_connect("/live", headers=origin) for _ in range(GOOD)]
        silent = [await _raw(port, token, small=True) for _ in range(NEVER_READ)]
        before = len(sockets)
        late: list[float] = []
        heard = [asyncio.create_task(_listen(ws, late)) for ws in readers]
        begun = time.perf_counter()
        number = 0
        while len(sockets) > before - NEVER_READ and time.perf_counter() - begun < 25:
            for _ in range(20):
                number += 1
                stamp = f"{time.perf_counter():.6f}:{'x' * 100}"
                shop.hub.live.publish(Hint("call", stamp, number, ShopId("main")))
            await asyncio.sleep(0.01)
        dropped = time.perf_counter() - begun
        fault.check("not all that never read were dropped", len(sockets) == before - NEVER_READ)
        fault.measure("dropped after", round(dropped, 1), 30, " s")
        fault.check("somebody who read was dropped", not any(ws.closed for ws in readers))
        fault.measure("the others heard, p99", round(_quantile(late, 0.99) * 1000), 500, " ms")
        for task in heard:
            task.cancel()
        for ws in readers:
            await ws.close()
        for _, writer, _ in silent:
            writer.close()


async def _listen(ws: aiohttp.ClientWebSocketResponse, late: list[float]) -> None:
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            said = json.loads(message.data)
            if said["topic"] == "call":
                late.append(time.perf_counter() - float(said["id"].partition(":")[0]))


@asynccontextmanager
async def _probed(hub: HubProcess) -> AsyncIterator[list[float]]:
    """How long a stranger waits for /healthz meanwhile."""
    waits: list[float] = []

    async def probe() -> None:
        async with aiohttp.ClientSession() as http:
            while True:
                begun = time.perf_counter()
                async with http.get(f"{hub.url}/healthz") as answer:
                    await answer.read()
                waits.append(time.perf_counter() - begun)
                await asyncio.sleep(0.02)

    task = asyncio.create_task(probe())
    try:
        yield waits
    finally:
        task.cancel()


def _memory(pid: int) -> float:
    """Resident, in MB."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _ended(reader: asyncio.StreamReader) -> int:
    """The code of the closing frame that comes, 0 where the line just ends, -1 where it does not."""
    buffer = b""
    try:
        async with asyncio.timeout(within(10)):
            while chunk := await reader.read(65536):
                buffer += chunk
    except ConnectionError:
        return 0
    except TimeoutError:
        return -1
    place = buffer.find(b"\x88")
    return int.from_bytes(buffer[place + 2 : place + 4], "big") if place >= 0 else 0


@pytest.mark.fault("F83")
async def test_sockets_that_abuse_are_closed_and_the_hub_stays_quick(tmp_path: Path, fault: Fault) -> None:
    async with HubProcess(tmp_path) as hub:
        token = await asyncio.to_thread(hub.new_token)
        before = _memory(hub.pid)
        async with _probed(hub) as waits:
            for _ in range(fault.count(full=20, sample=1)):
                await _abuse(hub, token, fault)
            await _crowd(hub, token, fault, fault.count(full=2000, sample=200))
        fault.measure("others wait, p99", round(_quantile(waits, 0.99) * 1000), 100, " ms")
        fault.measure("memory grew by", round(_memory(hub.pid) - before), 100, " MB")
        async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/readyz") as answer:
            fault.check("the hub is not ready afterwards", answer.status == 200)


async def _abuse(hub: HubProcess, token: str, fault: Fault) -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)[2:-4]
    attacks = {
        "a frame of 1 MB": ([_frame(1, b"x" * 1_000_000)], {1009}),
        "a frame that claims 2^62 bytes": (
            [b"\x81\xff" + (2**62).to_bytes(8, "big") + b"abcd"],
            {1009, 1002},
        ),
        "a message of many parts": ([_frame(1, b"x" * 60_000, flags=0)] * 3, {1009}),
        "1,000 messages in a second": ([_frame(1, b"ping")] * 1000, {1008}),
        "a compressed message nobody agreed on": ([_frame(1, bomb[:60_000], flags=0xC0)], {1002, 1007}),
        "text that is no UTF-8": ([_frame(1, b"\xff\xfe\xfd")], {1007}),
        "1,000 pings": ([_frame(9, b"x" * 125)] * 1000, {1008}),
        "an unknown kind of frame": ([_frame(5, b"x")], {1002, 1003}),
    }
    for what, (frames, codes) in attacks.items():
        reader, writer, status = await _raw(hub.port, token)
        assert status == 101
        try:
            for frame in frames:
                writer.write(frame)
                await writer.drain()
        except ConnectionError:
            pass
        code = await _ended(reader)
        fault.check(f"{what}: closed with {code}, not {codes}", code in codes or code == 0)
        writer.close()


async def _crowd(hub: HubProcess, token: str, fault: Fault, many: int) -> None:
    """So many sockets of one program at the same moment: no more stay than one may have."""
    opened: list[Any] = []
    for begin in range(0, many, 100):
        tries = [_raw(hub.port, token) for _ in range(begin, min(begin + 100, many))]
        opened += await asyncio.gather(*tries)
    let_in = sum(status == 101 for _, _, status in opened)
    refused = sum(status == 429 for _, _, status in opened)
    fault.check(f"{let_in} sockets were let in", let_in <= MOST_SOCKETS)
    fault.check(f"{refused} of {many} were told to close some", refused == many - let_in)
    for _, writer, _ in opened:
        writer.close()
