"""The connectors by name. Adding one is one line here; `connectors/README.md` says the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.ami.config import AmiConfig, AmiLimits, AmiWaits
from connectors.ami.connector import AmiConnector
from connectors.ami.replay import AmiReplay
from connectors.ami.tracker import TrackerSettings
from connectors.practice_pbx.connector import USERNAME, PracticeConfig, PracticePbx
from hub.clock import Clock
from hub.errors import Unavailable
from hub.ports.connector import Connector
from hub.ports.journal import Journal
from hub.ports.replay import Replay
from hub.settings import AmiSettings, Settings


@dataclass(slots=True)
class Site:
    """What a builder may use. `practice` is set once the practice exchange is built: connectors
    are built in the catalogue's order."""

    settings: Settings
    journal: Journal
    clock: Clock
    practice: PracticePbx | None = None


Builder = Callable[[Site], Connector | None]
"""Builds a connector, or gives None where the settings do not ask for it."""


def _practice_pbx(site: Site) -> Connector | None:
    wanted = site.settings.practice
    if not wanted.enabled:
        return None
    config = PracticeConfig(pace=wanted.pace, is_quiet=wanted.quiet)
    site.practice = PracticePbx(config, site.clock)
    return site.practice


def _ami(site: Site) -> Connector | None:
    ami, shop = site.settings.ami, site.settings.shop
    if ami.host:
        host, port, username, secret = ami.host, ami.port, ami.username, ami.secret.value
    elif site.practice is not None:
        host, port, username, secret = "127.0.0.1", site.practice.port, USERNAME, site.practice.secret
    else:
        return None
    config = AmiConfig(
        host=host, port=port, username=username, secret=secret, trunks=ami.trunks, country=shop.country,
        short_call_seconds=shop.short_call_seconds, waits=_waits(ami),
        limits=AmiLimits(queue_size=ami.queue_size),
    )  # fmt: skip
    return AmiConnector(config, site.journal, site.clock)


def _waits(ami: AmiSettings) -> AmiWaits:
    return AmiWaits(
        connect=ami.connect_timeout,
        ping_interval=ami.ping_interval,
        ping_deadline=ami.ping_timeout,
        boot=ami.boot_timeout,
    )


def _redis_bus(site: Site) -> Connector | None:
    redis = site.settings.redis
    if not redis.url:
        return None
    try:
        from connectors.redis_bus.connector import RedisBus, RedisBusConfig
    except ModuleNotFoundError as error:
        raise Unavailable(
            "redis.not_installed",
            "HUB_REDIS__URL is set, but the program's part for Redis is not installed.",
            "Install it: pip install 'pitline[redis]'.",
        ) from error
    return RedisBus(RedisBusConfig(url=redis.url, prefix=redis.prefix))


CONNECTORS: Mapping[str, Builder] = {
    "redis": _redis_bus,
    "practice_pbx": _practice_pbx,
    "ami": _ami,
}
NAMES: tuple[str, ...] = tuple(CONNECTORS)
"""Every connector there is, those that are off included."""


def build_connectors(settings: Settings, journal: Journal, clock: Clock) -> list[Connector]:
    """The connectors that the settings ask for. With the practice exchange on and no PBX named, the
    AMI connector follows the practice exchange."""
    site = Site(settings, journal, clock)
    built = (build(site) for build in CONNECTORS.values())
    return [connector for connector in built if connector is not None]


def build_replay(settings: Settings) -> Replay:
    """Reads the journal of the PBX again, with the rules that a connector built now would have."""
    return AmiReplay(
        TrackerSettings(
            trunks=settings.ami.trunks,
            country=settings.shop.country,
            short_call_seconds=settings.shop.short_call_seconds,
        )
    )
