"""Processes that send and are killed at a named point. Their provider is a server of the test's, which keeps
the ledger."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from hub.clock import Clock, FrozenClock, SystemClock
from hub.ports.messaging import Channel, MessageSender, OutgoingMessage, Sent
from hub.settings import DatabaseSettings, MessagingSettings, Settings
from tests.forks import FORKS
from tests.modules.messaging.wire import house_of, wrote
from tests.patience import within

POINTS = ("queued", "claimed", "sent")
"""The row is committed; it is claimed and nothing has left yet; the provider has it and nothing is noted."""


@dataclass(frozen=True)
class Carrier:
    """A way out for the killed process: `opened` connects it to the provider at that address (a function that
    the new process finds by its name); `to` says whom a message is queued for; some have to write first."""

    opened: Callable[[str, Clock], AbstractAsyncContextManager[MessageSender]]
    to: Mapping[str, str]
    writes_first: bool = False
    account: str = ""


@dataclass
class Mortal:
    """A link whose process dies before it asks, or when the provider has it and nothing is noted."""

    link: MessageSender
    point: str

    def channels(self) -> Mapping[str, Channel]:
        return self.link.channels()

    @property
    def takes_messages(self) -> bool:
        return self.link.takes_messages

    async def send(self, message: OutgoingMessage) -> Sent:
        if self.point == "claimed":
            die()
        await self.link.send(message)
        die()
        raise AssertionError("dead")

    async def find(self, message: OutgoingMessage) -> Sent | None:
        return await self.link.find(message)

    def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        return self.link.fetch(channel, ref)


def die() -> None:
    """As the power goes."""
    os.kill(os.getpid(), signal.SIGKILL)


async def killed(settings: Settings, folder: Path, carrier: Carrier, base: str, point: str) -> str:
    """Run the process until it is dead; the id of its message."""
    ours, theirs = FORKS.Pipe(duplex=False)
    arguments = (settings.database.url, settings.sealing.key_file, folder, carrier, base, point, theirs)
    process = FORKS.Process(target=_in_the_process, args=arguments)
    process.start()
    theirs.close()
    await asyncio.to_thread(process.join, within(60.0))
    assert process.exitcode == -signal.SIGKILL
    message_id = ours.recv()
    assert isinstance(message_id, str)
    return message_id


def _in_the_process(
    url: str, key_file: str, folder: Path, carrier: Carrier, base: str, point: str, told: Connection
) -> None:
    asyncio.run(_sends_and_dies(url, key_file, folder, carrier, base, point, told))


async def _sends_and_dies(
    url: str, key_file: str, folder: Path, carrier: Carrier, base: str, point: str, told: Connection
) -> None:
    plain = Settings()
    settings = replace(
        plain,
        database=DatabaseSettings(url=url),
        sealing=replace(plain.sealing, key_file=key_file),
        messaging=MessagingSettings(files=str(folder / "attachments")),
    )
    async with (
        carrier.opened(base, SystemClock()) as link,
        house_of(settings, SystemClock(), folder, Mortal(link, point)) as house,
    ):
        if carrier.writes_first:
            await house.tell(wrote("hi", 1, account=carrier.account, **carrier.to))
        message = await house.queue("Готово", **carrier.to)
        told.send(message.id)
        if point == "queued":
            die()
        await house.sent()


async def recovered(settings: Settings, folder: Path, link: MessageSender, message_id: str) -> str:
    """Start again and let time pass; the state in which the message ends."""
    clock = FrozenClock(SystemClock().now() + timedelta(seconds=1))
    async with house_of(settings, clock, folder, link) as house:
        sender = house.sender()
        for _ in range(6):
            await house.sent(sender)
            clock.advance(400)
        return (await house.message(message_id)).state
