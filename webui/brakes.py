"""Rate limits: who may ask how often, by what kind of traffic it is, and the headers that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hub.errors import TooMany
from hub.kernel.web import Traffic, Viewer
from hub.ports.limits import RateLimiter
from hub.settings import ApiSettings


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` requests at once, refilled with `rate` a second."""

    name: str
    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Who may ask how often. A receptionist's browser asks a few times a second, a program that
    mirrors every call some hundreds; a stranger has no business beyond a page or two."""

    token: Limit = Limit("token", 2000.0, 6000)
    person: Limit = Limit("person", 200.0, 1000)
    stranger: Limit = Limit("address", 100.0, 500)
    secret: Limit = Limit("secret", 2.0, 120)
    """What may be tried of addresses that are secrets (links for clients): a street of phones behind one
    address may, a guesser needs longer than the world has."""
    refusal: Limit = Limit("refusal", 1.0, 60)
    """How many refusals of one person or address are written down each."""

    @classmethod
    def of(cls, settings: ApiSettings) -> Limits:
        """As the settings say."""
        return cls(
            token=Limit("token", settings.token_rate, settings.token_burst),
            person=Limit("person", settings.person_rate, settings.person_burst),
            stranger=Limit("address", settings.address_rate, settings.address_burst),
        )

    def for_viewer(self, viewer: Viewer, traffic: Traffic) -> Limit | None:
        """What holds for this request; None = no limit. A provider's callback that we refuse may be a
        message lost: those routes look after themselves, once they know that it is genuine."""
        if traffic == "hook":
            return None
        if viewer.kind == "nobody":
            return self.stranger
        if viewer.kind == "token" and viewer.per_minute:
            return Limit("token", viewer.per_minute / 60, viewer.per_minute)
        return self.token if viewer.kind == "token" else self.person


class Brakes:
    """Takes one request from its bucket."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def take(self, key: str, limit: Limit) -> dict[str, str]:
        """The headers that say what is left (IETF draft "RateLimit header fields for HTTP", -10).
        Raises TooMany when there is nothing."""
        taken = await self._limiter.take(f"{limit.name}:{key}", rate=limit.rate, burst=limit.burst)
        if taken.wait > 0:
            raise TooMany(
                "request.too_many", "Too many requests.", "Wait a moment and go on more slowly.",
                retry_after=taken.wait,
            )  # fmt: skip
        window = max(1, round(limit.burst / limit.rate))
        return {
            "RateLimit-Policy": f'"{limit.name}";q={limit.burst};w={window}',
            "RateLimit": f'"{limit.name}";r={taken.left};t={math.ceil(taken.full_in)}',
        }
