"""A process that sends until it is killed: `python -m tests.modules.mailings.killed URL FOLDER HOUR`. The
ledger of its provider is a file. A second of the shop's day passes in a few milliseconds, from so many hours
after nine in the morning on. It ends by itself when nothing is left to do."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import FrozenClock
from hub.ports.messaging import OutgoingMessage, Sent
from hub.settings import DatabaseSettings, MessagingSettings, RelaySettings, SealingSettings, Settings
from tests.modules.mailings.stage import PUBLIC, Shop
from tests.modules.messaging.wire import Wire, house_of

MORNING = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)


@dataclass
class FileWire(Wire):
    """Keeps its ledger where a kill cannot reach it."""

    path: Path = Path()

    async def send(self, message: OutgoingMessage) -> Sent:
        await asyncio.sleep(0.01)
        with self.path.open("a", encoding="ascii") as file:
            file.write(f"{message.id} {message.address}\n")
            file.flush()
            os.fsync(file.fileno())
        await asyncio.sleep(0.01)
        return Sent(provider_id=f"SM{message.id}", parts=1)

    async def find(self, message: OutgoingMessage) -> Sent | None:
        has_it = message.id in self.path.read_text(encoding="ascii") if self.path.exists() else False
        return Sent(provider_id=f"SM{message.id}") if has_it else None


async def main(url: str, folder: Path, hours: float) -> None:
    settings = replace(
        Settings(),
        server=replace(Settings().server, public_url=PUBLIC),
        database=DatabaseSettings(url=url),
        messaging=MessagingSettings(files=str(folder / "attachments")),
        relay=RelaySettings(poll=0.1),
        sealing=SealingSettings(key_file="" if url.startswith("sqlite") else str(folder / "pitline.key")),
    )
    clock = FrozenClock(MORNING + timedelta(hours=hours))
    async with house_of(settings, clock, folder, FileWire(path=folder / "ledger")) as house:
        await house.hub.relay.start()
        await _work(Shop(house))
        await house.hub.relay.stop(1.0)


async def _work(shop: Shop) -> None:
    sender = shop.house.sender()
    while True:
        await shop.feed(1.0)
        await sender.step()
        await asyncio.sleep(0.005)
        async with shop.api() as api:
            pages = [await api.reading.page(None, state=state) for state in ("scheduled", "running")]
            open_rows = [one for page in pages for one in page.items]
            done = (await api.reading.page(None, state="done")).items
        if not open_rows and all(one.sums.queued == 0 for one in done):
            return


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
