"""How fast the bot may speak: so many a second over all, one a second to a chat, twenty a minute to a group;
and not at all while Telegram asks for silence."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.ports.errors import TransientError

PER_SECOND = 27
PER_CHAT = 1.05
PER_GROUP_MINUTE = 20
_MOST_CHATS = 5_000


@dataclass(slots=True)
class Pacing:
    """Of one bot. `now` is a monotonic clock in seconds."""

    now: Callable[[], float] = time.monotonic
    _silent_until: float = 0.0
    _last: float = -1.0
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _chats: dict[str, float] = field(default_factory=dict)
    _groups: dict[str, deque[float]] = field(default_factory=dict)

    def check(self) -> None:
        """Raises TransientError while the whole bot has to be silent."""
        left = self._silent_until - self.now()
        if left > 0:
            raise TransientError("Telegram asks to send more slowly.", left)

    def silence(self, seconds: float) -> None:
        """Telegram asks for it."""
        self._silent_until = max(self._silent_until, self.now() + seconds)

    async def turn(self, chat: str) -> None:
        """Wait until one more may go to this chat: one after another, evenly, since what is sent in a burst
        may arrive in a larger one. Raises TransientError as `check`, and where a group has had its share of
        the minute."""
        if chat.startswith("-"):
            self._group(chat)
        await self._until(lambda: self._chats.get(chat, -PER_CHAT) + PER_CHAT)
        async with self._order:
            await self._until(lambda: self._last + 1 / PER_SECOND)
            self.check()
            self._last = now = self.now()
        if len(self._chats) > _MOST_CHATS:
            self._chats = {one: at for one, at in self._chats.items() if now - at < PER_CHAT}
        self._chats[chat] = now

    async def _until(self, moment: Callable[[], float]) -> None:
        """Looked at again after each sleep: a busy computer wakes late."""
        wait = moment() - self.now()
        while wait > 0:
            await asyncio.sleep(wait)
            wait = moment() - self.now()

    def _group(self, chat: str) -> None:
        said, now = self._groups.setdefault(chat, deque(maxlen=PER_GROUP_MINUTE)), self.now()
        if len(said) == PER_GROUP_MINUTE and now - said[0] < 60:
            raise TransientError("A group may be written to twenty times a minute.", 60 - (now - said[0]))
        said.append(now)
