"""Pressed buttons: each is answered within a moment, with words where somebody has some, else with nothing,
so that the button stops turning."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hub.log import get_logger
from hub.ports.errors import ConnectorError

_MOST = 1_000


class Presses:
    """`say` answers one (its id, words, whether they have to be closed); False when it was too late."""

    def __init__(self, say: Callable[[str, str, bool], Awaitable[bool]], grace: float) -> None:
        self._say = say
        self._grace = grace
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def expect(self, press: str) -> None:
        """Somebody has pressed: without words in time it is answered with nothing."""
        if press not in self._waiting:
            grace = self._grace if len(self._waiting) < _MOST else 0.0
            task = self._waiting[press] = asyncio.create_task(self._silently(press, grace))
            task.add_done_callback(lambda done: self._forget(press, done))

    async def answer(self, press: str, text: str, *, is_alert: bool) -> bool:
        """With words. Raises the words of hub/ports."""
        waiting = self._waiting.pop(press, None)
        if waiting is not None:
            waiting.cancel()
        return await self._say(press, text, is_alert)

    def _forget(self, press: str, done: asyncio.Task[None]) -> None:
        if self._waiting.get(press) is done:
            del self._waiting[press]

    async def _silently(self, press: str, grace: float) -> None:
        await asyncio.sleep(grace)
        try:
            await self._say(press, "", False)
        except ConnectorError as fault:
            get_logger("telegram").info("a press was not answered", said=fault.text)
