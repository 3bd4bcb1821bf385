"""Builds the link to Telegram where a bot is named."""

from __future__ import annotations

from connectors.entry import Entry, Site
from connectors.telegram.config import TelegramConfig
from connectors.telegram.connector import Telegram
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None without `HUB_TELEGRAM__TOKEN`, unless there is a practice Telegram."""
    config = TelegramConfig.of(site.settings)
    practice = site.practice_bot
    if config is None and practice is not None:
        config = TelegramConfig(token=practice.token, api_base=practice.base)
    return Telegram(config, site.clock) if config is not None else None


ENTRY = Entry("telegram", build)
"""Settings: `HUB_TELEGRAM__…`, in hub/settings.py."""
