"""Builds the practice mail server where the demo asks for it, and no real one is named."""

from __future__ import annotations

from connectors.entry import Entry, PracticeMailbox, Site
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None unless `HUB_PRACTICE__ENABLED`; tells the site where it listens."""
    settings = site.settings
    host = getattr(settings.connectors.get("email"), "host", "")
    if not settings.practice.enabled or host or not settings.server.port:
        return None
    from connectors.practice_mail.connector import ADDRESS, PracticeMail

    made = PracticeMail(site.clock)
    site.practice_mail = PracticeMailbox(port=made.port, address=ADDRESS)
    return made


ENTRY = Entry("practice_mail", build)
