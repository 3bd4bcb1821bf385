"""A PBX with calls that live: the practice exchange on a port that stays, which can be killed, started
anew, and cut off, and which remembers every call that it ever made. The judge of what the hub says."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from connectors.loopback import bind_loopback
from connectors.practice_pbx import inbound
from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.server import AmiServer
from connectors.practice_pbx.stage import Stage
from hub.clock import SystemClock

USERNAME, SECRET = "pitline", "geheim"
LINE, QUEUE = "0443001122", "reception"
TRUNKS = "trunk-*"


@dataclass(slots=True)
class Made:
    """A call as the exchange made it: its number is its name, the rest what became of it."""

    number: str
    conversation: Conversation
    answered_by: str | None = None
    is_over: bool = False
    was_seen_to_end: bool = False
    """Whether the exchange hung it up (and not died with it)."""


class ShopPbx:
    """`settings` are what a hub needs to follow it."""

    def __init__(self, seed: int = 1) -> None:
        self._clock = SystemClock()
        self._chance = random.Random(seed)
        self._lives = 0
        self._count = 0
        self._server: AmiServer | None = None
        self.events = 0
        self.exchange = self._new_life()
        self.port = 0
        self.made: list[Made] = []

    @property
    def settings(self) -> dict[str, str]:
        return {
            "HUB_AMI__HOST": "127.0.0.1", "HUB_AMI__PORT": str(self.port), "HUB_AMI__USERNAME": USERNAME,
            "HUB_AMI__SECRET": SECRET, "HUB_AMI__TRUNKS": TRUNKS,
        }  # fmt: skip

    async def start(self) -> None:
        """Serve; after `kill` as a new life of the same PBX."""
        listener = bind_loopback(self.port)
        self.port = listener.getsockname()[1]
        self._server = AmiServer(self.exchange, Stage(self.exchange, 1.0), USERNAME, SECRET)
        await self._server.start(listener)

    async def kill(self) -> None:
        """SIGKILL: no Hangup, no Shutdown; every call dies unseen."""
        await self.unplug()
        for made in self.living:
            made.is_over = True
        self.exchange = self._new_life()

    def cut(self) -> None:
        """Every AMI line is reset; the calls go on."""
        for writer in tuple(self._server._writers) if self._server is not None else ():
            writer.transport.abort()

    async def unplug(self) -> None:
        """Nobody reaches the PBX until `start`; its calls go on."""
        self.cut()
        if self._server is not None:
            await self._server.stop()
        self._server = None

    @property
    def is_running(self) -> bool:
        """Whether it lives at all."""
        return self._server is not None

    @property
    def is_followed(self) -> bool:
        """Whether somebody is connected."""
        return self._server is not None and self._server.sessions > 0

    @property
    def unsent(self) -> int:
        """Bytes that whoever follows has not read yet, beyond what the system keeps for him."""
        writers = self._server._writers if self._server is not None else ()
        return sum(writer.transport.get_write_buffer_size() for writer in writers)

    @property
    def living(self) -> list[Made]:
        return [made for made in self.made if not made.is_over]

    # Calls, a deed at a time

    def dial_in(self, number: str = "") -> Made:
        """Somebody dials the shop and waits in the queue; two phones ring."""
        self._count += 1
        number = number or f"38050{self._count:07}"
        call = Conversation(self.exchange, number, "")
        made = Made(number, call)
        self.made.append(made)
        inbound.dials_in(call, "caller", LINE)
        inbound.hears(call, "caller", "welcome")
        inbound.waits_in(call, "caller", QUEUE)
        for member in self.exchange.cast.queue_members[:2]:
            inbound.rings(call, member)
        return made

    def answer(self, made: Made, who: str = "101") -> None:
        inbound.answers(made.conversation, who)
        made.answered_by = who

    def hang_up(self, made: Made, who: str = "caller") -> None:
        inbound.hangs_up(made.conversation, who)
        made.is_over = made.was_seen_to_end = True

    def _count_event(self, *_: object) -> None:
        self.events += 1

    def _new_life(self) -> Exchange:
        self._lives += 1
        exchange = Exchange(shop_cast(), self._clock, self._chance)
        # Two lives within one second would have one start time; a real PBX takes longer to boot.
        exchange.listen(self._count_event)
        exchange.booted_at -= timedelta(days=1) - timedelta(seconds=self._lives)
        return exchange


@asynccontextmanager
async def shop_pbx(seed: int = 1) -> AsyncIterator[ShopPbx]:
    """A PBX for the length of a test."""
    pbx = ShopPbx(seed)
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.kill()
