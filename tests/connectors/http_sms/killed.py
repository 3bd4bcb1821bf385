"""A process that sends by the provider and is killed at a named point: `python -m
tests.connectors.http_sms.killed URL FOLDER BASE POINT`. The provider is the test's, which keeps the
ledger."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from connectors.http_sms.connector import HttpSms
from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from hub.clock import SystemClock
from hub.ports.messaging import OutgoingMessage, Sent
from hub.settings import DatabaseSettings, MessagingSettings, Settings
from tests.connectors.contract import Heard
from tests.connectors.http_sms.stage import THEIRS, TURBOSMS, settings
from tests.modules.messaging.killed import die
from tests.modules.messaging.wire import house_of


class MortalSms(HttpSms):
    """Dies before it asks, or when the provider has it and nothing is noted."""

    point = ""

    async def send(self, message: OutgoingMessage) -> Sent:
        if self.point == "claimed":
            die()
        await super().send(message)
        die()
        raise AssertionError("dead")


async def main(url: str, folder: Path, base: str, point: str) -> None:
    ours = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        messaging=MessagingSettings(files=str(folder / "attachments")),
    )
    outbound = HttpOutbound(Allowed.of(("127.0.0.1",)), SystemClock())
    link = MortalSms("http_sms", settings(api_base=base), TURBOSMS, outbound, SystemClock())
    link.point = point
    heard = Heard()
    running = asyncio.create_task(link.run(heard, heard))
    await heard.until(lambda: link.takes_messages or running.done())
    async with house_of(ours, SystemClock(), folder, link) as house:
        message = await house.queue("Готово", channel="viber", address=THEIRS)
        sys.stdout.write(message.id + "\n")
        sys.stdout.flush()
        if point == "queued":
            die()
        await house.sent()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
