"""How fast a channel may be spoken to: over all, to one chat, and not at all for a while. In the memory of
the one process that holds the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.ports.messaging import Channel

_LONGEST_BURST = 1.0
"""Seconds' worth of messages that may go at once after a rest."""
_MOST_CHATS = 10_000


@dataclass(slots=True)
class Pace:
    """One channel's. `now` is a monotonic clock in seconds."""

    channel: Channel
    now: Callable[[], float]
    _tokens: float = field(init=False)
    _filled: float = field(init=False)
    _paused_until: float = 0.0
    _chats: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tokens, self._filled = self._most, self.now()

    @property
    def _most(self) -> float:
        return max(1.0, self.channel.per_second * _LONGEST_BURST)

    def free(self) -> int:
        """How many may go at this moment."""
        now = self.now()
        if now < self._paused_until:
            return 0
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self.channel.per_second)
        self._filled = now
        return int(self._tokens)

    def busy(self) -> set[str]:
        """The chats that were written to a moment ago."""
        now = self.now()
        if len(self._chats) > _MOST_CHATS or any(at <= now for at in self._chats.values()):
            self._chats = {chat: at for chat, at in self._chats.items() if at > now}
        return set(self._chats)

    def spend(self, address: str) -> None:
        """One goes to this chat."""
        self._tokens -= 1
        if self.channel.per_chat > 0:
            self._chats[address] = self.now() + 1 / self.channel.per_chat

    def pause(self, seconds: float) -> None:
        """The provider asks for silence: nothing goes out on this channel for so long."""
        self._paused_until = max(self._paused_until, self.now() + seconds)

    def wait(self) -> float:
        """Seconds until one more may go."""
        now = self.now()
        if now < self._paused_until:
            return self._paused_until - now
        return max(0.0, (1 - self._tokens) / self.channel.per_second) if self.channel.per_second > 0 else 1.0
