"""Builds the link to Twilio where an account is named."""

from __future__ import annotations

from connectors.entry import Entry, Site
from connectors.twilio_sms.config import TwilioConfig
from connectors.twilio_sms.connector import TwilioSms
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None without `HUB_TWILIO__ACCOUNT_SID` and `…__AUTH_TOKEN`."""
    config = TwilioConfig.of(site.settings)
    return TwilioSms(config, site.clock) if config is not None else None


ENTRY = Entry("twilio", build)
"""Settings: `HUB_TWILIO__…`, in hub/settings.py."""
