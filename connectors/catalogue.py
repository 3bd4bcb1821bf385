"""The connectors, in the order in which they are built: one line each. How to add one: README.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.ami.entry import ENTRY as AMI
from connectors.ami.replay import AmiReplay
from connectors.ami.tracker import TrackerSettings
from connectors.email.entry import ENTRY as EMAIL
from connectors.entry import Entry, Site
from connectors.http_sms.entry import ENTRY as HTTP_SMS
from connectors.http_sms.entry import SECOND as HTTP_SMS_2
from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from connectors.practice_mail.entry import ENTRY as PRACTICE_MAIL
from connectors.practice_pbx.entry import ENTRY as PRACTICE_PBX
from connectors.practice_provider.entry import ENTRY as PRACTICE_PROVIDER
from connectors.practice_telegram.entry import ENTRY as PRACTICE_TELEGRAM
from connectors.practice_twilio.entry import ENTRY as PRACTICE_TWILIO
from connectors.redis_bus.entry import ENTRY as REDIS_BUS
from connectors.sftp_spool.entry import ENTRY as SFTP_SPOOL
from connectors.telegram.entry import ENTRY as TELEGRAM
from connectors.twilio_sms.entry import ENTRY as TWILIO_SMS
from hub.clock import Clock
from hub.errors import Invalid
from hub.ports.apart import RunsApart
from hub.ports.connector import Connector
from hub.ports.journal import Journal
from hub.ports.messaging import MessageSender
from hub.ports.outbound import Outbound
from hub.ports.replay import Replay
from hub.settings import Settings

CONNECTORS: tuple[Entry, ...] = (
    REDIS_BUS,
    PRACTICE_PBX,
    PRACTICE_TWILIO,
    PRACTICE_PROVIDER,
    PRACTICE_TELEGRAM,
    PRACTICE_MAIL,
    AMI,
    SFTP_SPOOL,
    TWILIO_SMS,
    HTTP_SMS,
    HTTP_SMS_2,
    EMAIL,
    TELEGRAM,
)
NAMES: tuple[str, ...] = tuple(entry.name for entry in CONNECTORS)
"""Every connector there is, those that are off included."""
SECTIONS: Mapping[str, type[Any]] = {
    entry.name: entry.section for entry in CONNECTORS if entry.section is not None
}
"""The settings that connectors bring themselves, by the name of their section."""


def build_connectors(
    settings: Settings, journal: Journal, clock: Clock, apart: RunsApart | None = None
) -> list[Connector]:
    """The connectors that the settings ask for; `apart`: where processes of their own can
    be had. With the practice exchange on and no PBX named, the AMI connector follows that one."""

    def outbound(hosts: Iterable[str]) -> Outbound:
        return HttpOutbound(Allowed.of((*settings.outbound.allowed_hosts, *hosts)), clock)

    site = Site(settings, journal, clock, outbound, apart)
    built = (entry.build(site) for entry in CONNECTORS)
    return [connector for connector in built if connector is not None]


def senders_of(connectors: Sequence[Connector], sms_by: str) -> list[MessageSender]:
    """Those that carry messages; of several that send SMS the chosen one comes first. Raises Invalid when it
    is not set up."""
    found: list[MessageSender] = [one for one in connectors if isinstance(one, MessageSender)]
    if not sms_by:
        return found
    able = [one.name for one in connectors if isinstance(one, MessageSender) and "sms" in one.channels()]
    if sms_by not in able:
        raise Invalid(
            "settings.invalid", f"HUB_MESSAGING__SMS_BY names {sms_by!r}, which sends no SMS.",
            f"Choose one of: {', '.join(able)}." if able else "Set up a connector for SMS first.",
        )  # fmt: skip
    chosen = [one for one in connectors if isinstance(one, MessageSender) and one.name == sms_by]
    return [*chosen, *(one for one in found if one not in chosen)]


def build_replay(settings: Settings) -> Replay:
    """Reads the journal of the PBX again, with the rules that a connector built now would have."""
    return AmiReplay(
        TrackerSettings(
            trunks=settings.ami.trunks,
            country=settings.shop.country,
            short_call_seconds=settings.shop.short_call_seconds,
        )
    )
