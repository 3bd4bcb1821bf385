"""The subscription and the speaker. Both outlive a Redis that comes and goes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from connectors.redis_bus.buckets import PATIENCE, Buckets
from hub.log import get_logger
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed
from hub.ports.intake import Intake
from hub.ports.limits import Taken

_AGAIN = "again"
_FAULTS = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisBusConfig:
    """`prefix` keeps two installations on one Redis apart. `silence`: seconds without any word after
    which the line is dead; `longest_wait` between two tries."""

    url: str
    prefix: str = "pitline"
    answer: float = 1.0
    silence: float = 3.0
    first_wait: float = 0.2
    longest_wait: float = 2.0
    queue: int = 10_000


class RedisBus:
    """A Connector and the Bus of the hub. It has a loop of its own, since a process must be back on the
    bus within two seconds of its return: the supervisor's waits are meant for far servers."""

    def __init__(self, config: RedisBusConfig) -> None:
        self._config = config
        self._me = secrets.token_hex(8).encode()
        self._ears: dict[str, Callable[[bytes], None]] = {}
        self._on_gap: list[Callable[[], None]] = []
        self._pending: dict[tuple[str, bytes], None] = {}
        self._spoken = asyncio.Event()
        self._has_lost = False
        self._client = _client(config.url, config.answer)
        self._buckets = Buckets(_client(config.url, PATIENCE), config.prefix)
        self._log = get_logger("redis_bus")
        self._is_up = False
        self.said = self.heard = self.lost = self.gaps = 0

    @property
    def name(self) -> str:
        return "redis"

    @property
    def runs_everywhere(self) -> bool:
        """Every process is on the bus."""
        return True

    @property
    def is_up(self) -> bool:
        return self._is_up

    # The bus

    def say(self, subject: str, word: bytes) -> None:
        """Queue a word; when the queue is full the others are told to look for themselves."""
        if len(self._pending) >= self._config.queue:
            self._lose()
        self._pending[subject, word] = None
        self._spoken.set()

    def hear(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` with each word of the others."""
        self._ears[subject] = heard

    def on_gap(self, told: Callable[[], None]) -> None:
        """Call `told` when words were missed."""
        self._on_gap.append(told)

    async def take(self, key: str, *, rate: float, burst: int) -> Taken | None:
        """Counted by Redis; None while it is away or slow."""
        return await self._buckets.take(key, rate=rate, burst=burst) if self._is_up else None

    def statistics(self) -> Mapping[str, float]:
        """Counters for /metrics."""
        return {
            "words_said_total": self.said, "words_heard_total": self.heard, "words_lost_total": self.lost,
            "gaps_total": self.gaps, "limits_missed_total": self._buckets.missed, "is_up": float(self._is_up),
        }  # fmt: skip

    # The connector

    async def run(self, intake: Intake, status: Status) -> None:
        """Stay on the bus until cancelled. Raises AuthFailed."""
        speaker = asyncio.create_task(self._speak(), name="redis speaker")
        wait = self._config.first_wait
        try:
            while True:
                try:
                    await self._listen(status)
                except AuthenticationError as error:
                    raise AuthFailed(f"Redis refuses our log-in: {error}") from error
                except _FAULTS as error:
                    wait = self._config.first_wait if self._is_up else wait
                    self._leave(status, error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._config.longest_wait)
        finally:
            self._is_up = False
            speaker.cancel()
            await asyncio.gather(speaker, return_exceptions=True)
            await self._client.aclose()
            await self._buckets.close()

    async def _listen(self, status: Status) -> None:
        channels = {self._channel(subject): subject for subject in (*self._ears, _AGAIN)}
        async with self._client.pubsub() as pubsub:
            async with asyncio.timeout(self._config.answer):
                await pubsub.subscribe(*channels)
                for _ in channels:
                    await pubsub.get_message(timeout=self._config.answer)
            self._join(status)
            await self._hear_all(pubsub, channels)

    async def _hear_all(self, pubsub: PubSub, channels: Mapping[str, str]) -> None:
        """A word at a time; a line that is silent is asked, and dead when it does not answer."""
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while True:
            message = await pubsub.get_message(timeout=self._config.silence / 3)
            if message is not None:
                heard_at = loop.time()
                if message["type"] == "message":
                    self._take_in(channels[message["channel"].decode()], message["data"])
            elif loop.time() - heard_at > self._config.silence:
                raise TimeoutError(f"no word for {self._config.silence:g} s")
            else:
                await pubsub.ping()

    def _take_in(self, subject: str, data: bytes) -> None:
        speaker, _, word = data.partition(b" ")
        if speaker == self._me:
            return
        self.heard += 1
        if subject == _AGAIN:
            self._gap()
        else:
            self._ears[subject](word)

    def _join(self, status: Status) -> None:
        """What was said while we were away was not heard: everybody asks anew."""
        self._is_up = True
        address = urlsplit(self._config.url)
        status.report("ready", f"on the bus at {address.hostname}:{address.port or 6379}")
        self._log.info("bus.joined")
        self._gap()

    def _leave(self, status: Status, error: Exception) -> None:
        if self._is_up:
            self._log.warning("bus.lost", error=repr(error))
        self._is_up = False
        reason = str(error) or "it does not answer in time"
        status.report("not_ready", f"Redis cannot be reached: {reason}"[:300])

    def _gap(self) -> None:
        self.gaps += 1
        for told in self._on_gap:
            told()

    def _lose(self) -> None:
        self.lost += len(self._pending)
        self._pending.clear()
        self._has_lost = True

    async def _speak(self) -> None:
        """Say what is pending, many words at a time. Words that could not be said are not kept: once it
        works again, the others are told that they missed some."""
        while True:
            await self._spoken.wait()
            self._spoken.clear()
            words, self._pending = list(self._pending), {}
            if self._has_lost:
                words = [(_AGAIN, b"")]
            try:
                async with asyncio.timeout(self._config.answer):
                    pipe = self._client.pipeline(transaction=False)
                    for subject, word in words:
                        pipe.publish(self._channel(subject), self._me + b" " + word)
                    await pipe.execute()
            except _FAULTS:
                self.lost += len(words)
                self._has_lost = True
                await asyncio.sleep(self._config.first_wait)
                self._spoken.set()
            else:
                self.said += len(words)
                self._has_lost = False

    def _channel(self, subject: str) -> str:
        return f"{self._config.prefix}:{subject}"


def _client(url: str, patience: float) -> Redis:
    """One that fails at once rather than try again by itself: whoever calls decides."""
    return Redis.from_url(
        url, socket_timeout=patience, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 0)
    )
