"""A process that sends by the bot and is killed at a named point: `python -m
tests.connectors.telegram.killed URL FOLDER BASE POINT`. Telegram is the test's, which keeps the ledger."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from connectors.telegram.connector import Telegram
from hub.clock import SystemClock
from hub.ports.messaging import OutgoingMessage, Sent
from hub.settings import DatabaseSettings, MessagingSettings, Settings
from tests.connectors.contract import Heard
from tests.connectors.telegram.stage import BOT_ID, IRYNA, Box, config
from tests.modules.messaging.killed import die
from tests.modules.messaging.wire import house_of, wrote


class MortalTelegram(Telegram):
    """Dies before it asks, or when Telegram has it and nothing is noted."""

    point = ""

    async def send(self, message: OutgoingMessage) -> Sent:
        if self.point == "claimed":
            die()
        await super().send(message)
        die()
        raise AssertionError("dead")


async def main(url: str, folder: Path, base: str, point: str) -> None:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        messaging=MessagingSettings(files=str(folder / "attachments")),
    )
    link = MortalTelegram(config(api_base=base), SystemClock())
    link.point = point
    box, heard = Box(link), Heard()
    link.stored_by(box)
    link.marked_by(box)
    running = asyncio.create_task(link.run(heard, heard))
    await heard.until(lambda: link.takes_messages or running.done(), 30.0)
    async with house_of(settings, SystemClock(), folder, link) as house:
        chat = {"channel": "telegram", "account": f"bot{BOT_ID}", "address": str(IRYNA)}
        await house.tell(wrote("hi", 1, **chat))
        message = await house.queue("Готово", channel="telegram", address=str(IRYNA))
        sys.stdout.write(message.id + "\n")
        sys.stdout.flush()
        if point == "queued":
            die()
        await house.sent()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
