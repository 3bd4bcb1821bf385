"""Builds the bus between processes. The library for Redis is an extra, so it is asked for late."""

from __future__ import annotations

from connectors.entry import Entry, Site
from hub.errors import Unavailable
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None where no Redis is named. Raises Unavailable where its library is missing."""
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


ENTRY = Entry("redis", build)
