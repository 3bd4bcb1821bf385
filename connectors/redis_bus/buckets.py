"""Token buckets in Redis, by its own clock: one script, so that two processes never count apart."""

from __future__ import annotations

import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.ports.limits import Taken

PATIENCE = 0.15
PAUSE = 2.0
# KEYS[1] the bucket; ARGV rate a second, burst. Answers what is left, in thousandths.
_SCRIPT = """
local now = redis.call('TIME')
local at = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(known[1]) or burst
left = math.min(burst, left + math.max(0, at - (tonumber(known[2]) or at)) * rate)
local free = 0
if left >= 1 then free = 1; left = left - 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - left) / rate * 1000) + 1000)
return {free, math.floor(left * 1000)}
"""


class Buckets:
    """Counts with patience for a moment; a Redis that does not answer is left alone for a while, so
    that no request waits for it again and again."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self._client = client
        self._script: Any = client.register_script(_SCRIPT)
        self._prefix = prefix
        self._quiet_until = 0.0
        self.missed = 0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def take(self, key: str, *, rate: float, burst: int) -> Taken | None:
        """One request of `key`; None when Redis does not say."""
        if time.monotonic() < self._quiet_until:
            return None
        try:
            free, thousandths = await self._script(keys=[f"{self._prefix}:limit:{key}"], args=[rate, burst])
        except (RedisError, OSError, TimeoutError):
            self.missed += 1
            self._quiet_until = time.monotonic() + PAUSE
            return None
        left = thousandths / 1000
        wait = 0.0 if free else max(0.001, (1.0 - left) / rate)
        return Taken(int(left), wait, (burst - left) / rate)
