"""Builds the links to providers with an HTTP API: two accounts may stand side by side."""

from __future__ import annotations

from dataclasses import replace

from connectors.entry import Entry, PracticeProviderAccount, Site
from connectors.http_sms.config import HttpSmsSettings, SecondHttpSmsSettings
from connectors.http_sms.connector import HttpSms
from connectors.http_sms.profile import profile_of
from hub.ports.connector import Connector

_LOOPBACK = "127.0.0.1"


def build(site: Site) -> Connector | None:
    """None without `HUB_HTTP_SMS__TOKEN`, unless there is a practice provider. Raises Invalid for a profile
    that is none."""
    own = site.own(HttpSmsSettings)
    if not own.token.value and site.practice_provider is not None:
        return _made(site, "http_sms", _practised(site.practice_provider), (_LOOPBACK,))
    return _made(site, "http_sms", own)


def build_second(site: Site) -> Connector | None:
    """None without `HUB_HTTP_SMS_2__TOKEN`."""
    return _made(site, "http_sms_2", site.own(SecondHttpSmsSettings))


def _made(site: Site, name: str, settings: HttpSmsSettings, hosts: tuple[str, ...] = ()) -> Connector | None:
    if not settings.token.value:
        return None
    public = site.settings.server.public_url.rstrip("/")
    return HttpSms(name, settings, profile_of(settings.profile), site.outbound(hosts), site.clock, public)


def _practised(practice: PracticeProviderAccount) -> HttpSmsSettings:
    return replace(
        HttpSmsSettings(), token=practice.token, webhook_secret=practice.webhook_secret,
        api_base=practice.base, sms_sender=practice.sms_sender, viber_sender=practice.viber_sender,
        viber_seconds=practice.viber_seconds,
    )  # fmt: skip


ENTRY = Entry("http_sms", build, HttpSmsSettings)
SECOND = Entry("http_sms_2", build_second, SecondHttpSmsSettings)
