"""A process that sends and is killed at a named point: `python -m tests.modules.messaging.killed URL FOLDER
PORT POINT`. Its provider is a server of the test's, which keeps the ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from hub.clock import SystemClock
from hub.ports.messaging import OutgoingMessage, Sent
from hub.settings import DatabaseSettings, MessagingSettings, Settings
from tests.modules.messaging.wire import House, Wire, house_of

POINTS = ("queued", "claimed", "sent")
"""The row is committed; it is claimed and nothing has left yet; the provider has it and nothing is noted."""


def die() -> None:
    """As the power goes."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class MortalWire(Wire):
    """Tells the provider over TCP, and dies before or after."""

    port: int = 0
    point: str = ""

    async def send(self, message: OutgoingMessage) -> Sent:
        if self.point == "claimed":
            die()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{message.id} {message.address}\n".encode())
        await writer.drain()
        await reader.readline()
        die()
        raise AssertionError("dead")


async def main(url: str, folder: Path, port: int, point: str) -> None:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        messaging=MessagingSettings(files=str(folder / "attachments")),
    )
    wire = MortalWire(port=port, point=point)
    async with house_of(settings, SystemClock(), folder, wire) as house:
        await _work(house, point)


async def _work(house: House, point: str) -> None:
    message = await house.queue("Ready")
    sys.stdout.write(message.id + "\n")
    sys.stdout.flush()
    if point == "queued":
        die()
    await house.sent()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
