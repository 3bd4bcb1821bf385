"""One bot, the link to the practice Telegram, and an inbox that keeps what the link hands to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.practice_telegram.people import People
from connectors.practice_telegram.server import PracticeTelegram
from connectors.practice_telegram.world import Person, World
from connectors.telegram.config import HOOK_PATH, TelegramConfig
from connectors.telegram.connector import Telegram
from connectors.telegram.verify import HEADER
from hub.clock import Clock, SystemClock
from hub.errors import Unavailable
from hub.events.base import Event
from hub.ports.hooks import Genuine, HookRequest
from hub.ports.messaging import OutgoingMessage
from hub.secret import Secret
from tests.connectors.contract import Heard, connected
from tests.patience import within

BOT_ID = 7000000001
TOKEN = f"{BOT_ID}:the-practice-token"
SECRET = "the_secret-of-the-webhook"
IRYNA, OLEH = 501000001, 601000002
SAMPLES = Path(__file__).parent / "samples"
AT = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)


def config(**more: Any) -> TelegramConfig:
    """As the settings of a shop give it, with short waits."""
    base = TelegramConfig(
        token=Secret(TOKEN), poll_seconds=1.0, timeout=within(1.0), look_seconds=0.05, press_grace=0.05
    )
    return replace(base, **more)


def sample(name: str) -> dict[str, Any]:
    found = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def request(update: Mapping[str, Any] | bytes, secret: str | None = SECRET) -> HookRequest:
    """An update as it is brought."""
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    headers = {} if secret is None else {HEADER: secret}
    return HookRequest(
        method="POST", path=HOOK_PATH, query="", headers=headers, body=body, received_at=AT
    )  # fmt: skip


def outgoing(text: str = "Готово", address: str = str(IRYNA), **more: Any) -> OutgoingMessage:
    made = OutgoingMessage(
        id="01m", channel="telegram", account=f"bot{BOT_ID}", address=address, text=text,
        created_at=datetime.now(UTC), tries=1,
    )  # fmt: skip
    return replace(made, **more)


@dataclass
class Box:
    """An inbox and marks, in memory: implements HookStore and Marks."""

    connector: Telegram
    kept: list[HookRequest] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    is_away: bool = False

    async def keep(self, request: HookRequest) -> None:
        if self.is_away:
            raise Unavailable("test.away", "The database is away.")
        [hook] = self.connector.hooks()
        assert isinstance(hook.verify(request), Genuine)
        self.kept.append(request)
        if hook.kept is not None:
            hook.kept(request)

    async def read(self, name: str) -> str:
        return self.marks.get(name, "")

    async def write(self, name: str, text: str) -> None:
        self.marks[name] = text

    async def change(self, name: str, change: Callable[[str], str]) -> str:
        self.marks[name] = change(self.marks.get(name, ""))
        return self.marks[name]

    @property
    def ids(self) -> list[int]:
        return [json.loads(one.body)["update_id"] for one in self.kept]

    def events(self) -> list[Event]:
        """What all that was kept says."""
        [hook] = self.connector.hooks()
        return [arrival.event for one in self.kept for arrival in hook.translate(one)]


@dataclass
class Line:
    """The connector while it runs, and the other side."""

    telegram: PracticeTelegram
    connector: Telegram
    heard: Heard
    box: Box

    @property
    def world(self) -> World:
        return self.telegram.world

    @property
    def people(self) -> People:
        return self.telegram.people

    @property
    def iryna(self) -> Person:
        return self.world.person(IRYNA, "Ірина", "+380971239876")


@asynccontextmanager
async def practice(clock: Clock | None = None, *, is_strict: bool = False) -> AsyncIterator[PracticeTelegram]:
    made = PracticeTelegram(World(TOKEN, clock or SystemClock()), is_strict=is_strict)
    await made.start()
    made.world.person(IRYNA, "Ірина", "+380971239876").has_begun = True
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def line(
    telegram: PracticeTelegram,
    *,
    clock: Clock | None = None,
    marks: dict[str, str] | None = None,
    **more: Any,
) -> AsyncIterator[Line]:
    """The connector, logged in."""
    connector = Telegram(config(api_base=telegram.base, **more), clock or telegram.world.clock)
    box = Box(connector, marks=marks if marks is not None else {})
    connector.stored_by(box)
    connector.marked_by(box)
    async with connected(connector) as heard:
        yield Line(telegram, connector, heard, box)
