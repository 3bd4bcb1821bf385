"""Builds the practice Twilio where the demo asks for it, and no account of the real one is named."""

from __future__ import annotations

from connectors.entry import Entry, PracticeAccount, Site
from hub.ports.connector import Connector
from hub.secret import Secret


def build(site: Site) -> Connector | None:
    """None unless `HUB_PRACTICE__ENABLED`; tells the site of its account."""
    settings = site.settings
    if not settings.practice.enabled or settings.twilio.account_sid or not settings.server.port:
        return None
    from connectors.practice_twilio.connector import NUMBER, PracticeSms

    host = settings.server.host
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - where it is reached from here
    reach = f"http://{host}:{settings.server.port}"
    made = PracticeSms(settings.server.public_url.rstrip("/") or reach, reach, site.clock)
    site.practice_sms = PracticeAccount(
        sid=made.account.sid,
        token=Secret(made.account.tokens[0]),
        number=NUMBER,
        base=made.base,
        public_url=settings.server.public_url.rstrip("/") or reach,
    )
    return made


ENTRY = Entry("practice_twilio", build)
