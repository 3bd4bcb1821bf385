"""Builds the line to the PBX. With the practice exchange on and no PBX named, it follows that one."""

from __future__ import annotations

from dataclasses import replace

from connectors.ami.apart import AmiApart
from connectors.ami.config import AmiConfig, AmiLimits, AmiWaits
from connectors.ami.connector import AmiConnector
from connectors.entry import Entry, Site
from hub.ports.connector import Connector
from hub.settings import AmiSettings

_RINGING_APART = 0.008


def build(site: Site) -> Connector | None:
    """None where there is no PBX to follow."""
    ami, shop = site.settings.ami, site.settings.shop
    if ami.host:
        host, port, username, secret = ami.host, ami.port, ami.username, ami.secret.value
    elif site.practice is not None:
        host, port = "127.0.0.1", site.practice.port
        username, secret = site.practice.username, site.practice.secret
    else:
        return None
    config = AmiConfig(
        host=host, port=port, username=username, secret=secret, trunks=ami.trunks, country=shop.country,
        short_call_seconds=shop.short_call_seconds, waits=_waits(ami),
        limits=AmiLimits(queue_size=ami.queue_size), record=ami.record, record_folder=ami.record_folder,
    )  # fmt: skip
    if ami.apart and site.apart is not None:
        waits = replace(config.waits, ringing=_RINGING_APART)
        return AmiApart(replace(config, waits=waits), site.apart("ami"), site.clock)
    return AmiConnector(config, site.journal, site.clock)


def _waits(ami: AmiSettings) -> AmiWaits:
    return AmiWaits(
        connect=ami.connect_timeout,
        ping_interval=ami.ping_interval,
        ping_deadline=ami.ping_timeout,
        boot=ami.boot_timeout,
    )


ENTRY = Entry("ami", build)
