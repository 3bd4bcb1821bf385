"""Builds the practice provider where the demo asks for it, and no account of a real one is named."""

from __future__ import annotations

from connectors.entry import Entry, PracticeProviderAccount, Site
from hub.ports.connector import Connector
from hub.secret import Secret

_VIBER_SECONDS = 60


def build(site: Site) -> Connector | None:
    """None unless `HUB_PRACTICE__ENABLED`; tells the site of its account."""
    settings = site.settings
    token = getattr(settings.connectors.get("http_sms"), "token", Secret())
    if not settings.practice.enabled or token.value or not settings.server.port:
        return None
    from connectors.practice_provider.connector import SENDER, PracticeShortMessages

    host = settings.server.host
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - where it is reached from here
    made = PracticeShortMessages(f"http://{host}:{settings.server.port}", site.clock)
    site.practice_provider = PracticeProviderAccount(
        token=Secret(made.account.token),
        webhook_secret=Secret(made.account.secret),
        base=made.base,
        sms_sender=SENDER,
        viber_sender=SENDER,
        viber_seconds=_VIBER_SECONDS,
    )
    return made


ENTRY = Entry("practice_provider", build)
