"""Follows what is changed on the settings pages, here or in another process."""

from __future__ import annotations

import asyncio
import contextlib

from hub.errors import HubError
from hub.kernel.installation import Installation
from hub.log import get_logger
from hub.modules.access.api import SETTINGS_TOPIC, follow

EVERY = 15.0
"""Seconds after which one looks without having been told: a hint may get lost."""


class Following:
    """A task that puts new settings to work at the first hint of them."""

    def __init__(self, installation: Installation, every: float = EVERY) -> None:
        self._installation = installation
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._log = get_logger("webui.following")

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run(), name="follow-settings")

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        watch = self._installation.live.subscribe()
        loop = asyncio.get_running_loop()
        try:
            while True:
                until = loop.time() + self._every
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        hint = await watch.next()
                        while hint is not None and hint.topic != SETTINGS_TOPIC:
                            hint = await watch.next()
                await self._follow()
        finally:
            watch.close()

    async def _follow(self) -> None:
        try:
            await follow(self._installation)
        except HubError as error:
            self._log.warning("the settings cannot be read just now", error=str(error))
