"""Builds the link to Twilio where an account is named."""

from __future__ import annotations

from connectors.entry import Entry, Site
from connectors.twilio_sms.config import TwilioConfig
from connectors.twilio_sms.connector import TwilioSms
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None without `HUB_TWILIO__ACCOUNT_SID` and `…__AUTH_TOKEN`, unless there is a practice Twilio."""
    config = TwilioConfig.of(site.settings)
    practice = site.practice_sms
    if config is None and practice is not None:
        config = TwilioConfig(
            account_sid=practice.sid, tokens=(practice.token,), sender=practice.number,
            api_base=practice.base, public_url=practice.public_url,
        )  # fmt: skip
    return TwilioSms(config, site.clock) if config is not None else None


ENTRY = Entry("twilio", build)
"""Settings: `HUB_TWILIO__…`, in hub/settings.py."""
