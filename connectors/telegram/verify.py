"""Whether an update is Telegram's: it bears the secret that only Telegram and we know."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from connectors.telegram.config import TelegramConfig
from hub.ports.hooks import Forged, Genuine, HookRequest

HEADER = "x-telegram-bot-api-secret-token"
UNSIGNED = "It bears no secret."
WRONG = "Its secret is not the one in HUB_TELEGRAM__WEBHOOK_SECRET."
NO_UPDATE = "It is no update of Telegram."


def verifier(config: TelegramConfig) -> Callable[[HookRequest], Genuine | Forged]:
    """An update is one by its id; ids of another bot are others. Compared as bytes and in constant time:
    a header may hold anything."""
    secret, bot = config.secret.value.encode(), config.bot_id

    def verify(request: HookRequest) -> Genuine | Forged:
        given = request.headers.get(HEADER, "")
        if not given:
            return Forged(reason=UNSIGNED, status=401)
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret):
            return Forged(reason=WRONG, status=401)
        update_id = update_in(request).get("update_id")
        if type(update_id) is not int:
            return Forged(reason=NO_UPDATE, status=400)
        return Genuine(identity=f"{bot}:{update_id}", signed=bot.encode() + b"\n" + request.body)

    return verify


def update_in(request: HookRequest) -> dict[str, Any]:
    """The update as JSON; empty where there is none."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
