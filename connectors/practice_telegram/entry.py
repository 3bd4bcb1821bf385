"""Builds the practice Telegram where the demo asks for it, and no real bot is named."""

from __future__ import annotations

from connectors.entry import Entry, PracticeBot, Site
from hub.ports.connector import Connector
from hub.secret import Secret


def build(site: Site) -> Connector | None:
    """None unless `HUB_PRACTICE__ENABLED`; tells the site of its bot."""
    settings = site.settings
    if not settings.practice.enabled or settings.telegram.token:
        return None
    from connectors.practice_telegram.connector import PracticeBotLink

    made = PracticeBotLink(site.clock)
    site.practice_bot = PracticeBot(token=Secret(made.world.token), base=made.base)
    return made


ENTRY = Entry("practice_telegram", build)
