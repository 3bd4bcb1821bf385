"""Builds the way out for e-mail where a server is named."""

from __future__ import annotations

from dataclasses import replace

from connectors.email.config import EmailSettings
from connectors.entry import Entry, Site
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None without `HUB_EMAIL__HOST`, unless there is a practice mail server."""
    settings, practice = site.own(EmailSettings), site.practice_mail
    if not settings.host and practice is not None:
        settings = replace(
            EmailSettings(), host="127.0.0.1", port=practice.port, security="none",
            from_address=practice.address,
        )  # fmt: skip
    if not settings.host:
        return None
    from connectors.email.connector import Email

    return Email(settings, site.clock, site.settings.shop.name)


ENTRY = Entry("email", build, EmailSettings)
