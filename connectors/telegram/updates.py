"""How updates come: asked for, each stored before the next question confirms it; or brought, which is
looked after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.telegram.config import HOOK_PATH, TelegramConfig
from connectors.telegram.contents import clean
from connectors.telegram.heard import Heard
from connectors.telegram.verify import HEADER
from hub.clock import Clock
from hub.ports.connector import Status
from hub.ports.errors import TransientError
from hub.ports.hooks import HookRequest, HookStore

if TYPE_CHECKING:
    from connectors.telegram.api import TelegramApi

_FULL = 100
_CONTESTED_FOR = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
_FRESH = 900.0
CONTESTED = (
    "Another program asks Telegram for this bot's updates, and each takes them from the other: stop it, or"
    " give it a bot of its own. Messages still go out."
)


class Updates:
    """Of one session. `words` say who we are."""

    def __init__(
        self, config: TelegramConfig, api: TelegramApi, store: HookStore, heard: Heard, clock: Clock,
        words: Callable[[], str],
    ) -> None:  # fmt: skip
        self._config = config
        self._api = api
        self._store = store
        self._heard = heard
        self._clock = clock
        self._words = words
        self._fought_at: float | None = None
        self.is_away = False
        """Whether Telegram did not answer when it was asked last."""

    async def run(self, status: Status) -> None:
        """Until cancelled. Raises AuthFailed, Unavailable; TransientError before the first answer only."""
        if self._config.is_webhook:
            await self._brought(status)
        else:
            await self._asked(status)

    async def _asked(self, status: Status) -> None:
        from connectors.telegram.api import OtherPoller

        await self._api.no_webhook()
        status.report("ready", self._words(), **self._heard.details())
        offset: int | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                found = await self._api.updates(offset)
            except OtherPoller:
                await self._fought(status, pause)
                pause, offset = min(pause * 2, _LONGEST_PAUSE), None
                continue
            except TransientError as fault:
                await self._gone(status, fault)
                offset = None
                continue
            pause, self.is_away = _FIRST_PAUSE, False
            await self._keep(found)
            if len(found) < _FULL:
                await self._heard.note()
            # Once all is confirmed no offset is given: after a quiet week ids may begin lower than it.
            offset = _next(found)
            self._report(status)

    async def _keep(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Store them all, in their order (one commit)."""
        now = self._clock.now()
        requests = [
            HookRequest(
                method="POST", path=HOOK_PATH, query="", headers={HEADER: self._config.secret.value},
                body=json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass"), received_at=now,
            )
            for one in found
        ]  # fmt: skip
        await asyncio.gather(*[self._store.keep(request) for request in requests])

    async def _fought(self, status: Status, pause: float) -> None:
        """Right after a hand-over our own former process may still ask; whoever asks again is another one."""
        was, self._fought_at = self._fought_at, self._clock.monotonic()
        if was is not None and self._fought_at - was < _CONTESTED_FOR:
            status.report("contested", CONTESTED, **self._heard.details())
        await asyncio.sleep(pause)

    async def _gone(self, status: Status, fault: TransientError) -> None:
        """The session stays: messages may wait for their turn by it."""
        self.is_away = True
        status.report("not_ready", fault.text, **self._heard.details())
        await asyncio.sleep(fault.retry_after or _FIRST_PAUSE)

    def _report(self, status: Status) -> None:
        fought = self._fought_at
        if fought is None or self._clock.monotonic() - fought >= _CONTESTED_FOR:
            status.report("ready", self._words(), **self._heard.details())

    async def _brought(self, status: Status) -> None:
        await self._api.set_webhook()
        while True:
            try:
                info = await self._api.webhook_info()
                if info.get("url") != self._config.public_url + HOOK_PATH:
                    await self._api.set_webhook()
            except TransientError as fault:
                await self._gone(status, fault)
                continue
            self.is_away = False
            trouble = self._trouble(info)
            if trouble:
                status.report("not_ready", trouble, **self._heard.details())
            else:
                await self._heard.note()
                status.report("ready", self._words(), **self._heard.details())
            await asyncio.sleep(self._config.look_seconds)

    def _trouble(self, info: Mapping[str, Any]) -> str:
        """Why Telegram cannot bring what waits there."""
        at, waiting = info.get("last_error_date"), info.get("pending_update_count")
        if type(at) is not int or type(waiting) is not int or waiting == 0:
            return ""
        if self._clock.now().timestamp() - at > _FRESH:
            return ""
        said = clean(str(info.get("last_error_message") or ""))[:200]
        return f"Telegram cannot bring updates to the public address: {said}"


def _next(found: Sequence[Mapping[str, Any]]) -> int | None:
    """What confirms all of these."""
    if not found:
        return None
    last = found[-1].get("update_id")
    return last + 1 if type(last) is int else None
