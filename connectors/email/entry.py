"""Builds the way out for e-mail where a server is named."""

from __future__ import annotations

from connectors.email.config import EmailSettings
from connectors.entry import Entry, Site
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None without `HUB_EMAIL__HOST`."""
    settings = site.own(EmailSettings)
    if not settings.host:
        return None
    from connectors.email.connector import Email

    return Email(settings, site.clock, site.settings.shop.name)


ENTRY = Entry("email", build, EmailSettings)
