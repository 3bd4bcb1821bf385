"""What the connector is told: which bot, where its API is, whether Telegram brings updates or is asked."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from hub.errors import Invalid
from hub.secret import Secret
from hub.settings import Settings

API = "https://api.telegram.org"
HOOK_PATH = "/hooks/telegram"
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,200}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """`secret` is what proves an update: the one that Telegram was told, or with long polling one of this
    process alone, by which it hands what it has fetched to the inbox. Times in seconds."""

    token: Secret
    api_base: str = API
    public_url: str = ""
    is_webhook: bool = False
    secret: Secret = field(default_factory=lambda: Secret(secrets.token_urlsafe(32)))
    poll_seconds: float = 25.0
    timeout: float = 15.0
    look_seconds: float = 60.0
    press_grace: float = 1.0

    @classmethod
    def of(cls, settings: Settings) -> TelegramConfig | None:
        """None where the settings name no bot. Raises Invalid for a webhook that nobody could trust."""
        telegram, public_url = settings.telegram, settings.server.public_url.rstrip("/")
        token = telegram.token.value.strip()
        if not token:
            return None
        if _TOKEN.fullmatch(token) is None:
            raise Invalid(
                "telegram.token", "HUB_TELEGRAM__TOKEN is no token of a bot.",
                "Copy it from @BotFather: digits, a colon, letters.",
            )  # fmt: skip
        base = (telegram.api_base or API).rstrip("/")
        found = cls(token=Secret(token), api_base=base, public_url=public_url)
        secret = telegram.webhook_secret.value
        return found if not secret else _webhook(found, secret)

    @property
    def bot_id(self) -> str:
        """The bot's own id; tokens begin with it."""
        return self.token.value.partition(":")[0]

    @property
    def account(self) -> str:
        """How threads know the bot."""
        return f"bot{self.bot_id}"


def _webhook(found: TelegramConfig, secret: str) -> TelegramConfig:
    if _SECRET.fullmatch(secret) is None:
        raise Invalid(
            "telegram.webhook_secret",
            "HUB_TELEGRAM__WEBHOOK_SECRET is none that Telegram takes.",
            "Use 1 to 256 of A-Z, a-z, 0-9, _ and -; or leave it out for long polling.",
        )
    if not found.public_url:
        raise Invalid(
            "telegram.webhook_address",
            "Updates of Telegram by webhook need an address.",
            "Set HUB_SERVER__PUBLIC_URL to the shop's https address, or leave HUB_TELEGRAM__WEBHOOK_SECRET"
            " out for long polling.",
        )
    return TelegramConfig(
        token=found.token, api_base=found.api_base, public_url=found.public_url, is_webhook=True,
        secret=Secret(secret),
    )  # fmt: skip
