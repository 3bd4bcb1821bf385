"""What the connector is told: which provider, whose account there, under which names we send."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSmsSettings:
    """SMS and Viber by a provider with an HTTP API; no token = off. `profile`: a ready one (`turbosms`) or
    the path of a file like it. Without `viber_sender` only SMS go out; with it Viber is tried first for
    `viber_seconds`. `webhook_secret`: what the provider signs its reports with, which it brings to
    /hooks/http_sms; without one it is asked how far messages have come. `api_base` in place of the profile's;
    hosts of the own network that it may lead to stand in HUB_OUTBOUND__ALLOWED_HOSTS."""

    profile: str = "turbosms"
    token: Secret = field(default_factory=Secret)
    sms_sender: str = ""
    viber_sender: str = ""
    viber_seconds: int = 600
    webhook_secret: Secret = field(default_factory=Secret)
    api_base: str = ""
    timeout: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondHttpSmsSettings(HttpSmsSettings):
    """A second account, of the same provider or another one; its reports come to /hooks/http_sms_2."""
