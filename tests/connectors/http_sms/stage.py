"""One account at the practice provider, and the link to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.http_sms.config import HttpSmsSettings
from connectors.http_sms.connector import HttpSms
from connectors.http_sms.profile import Profile, profile_of
from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from connectors.practice_provider.account import PracticeShortMessage, ProviderAccount
from connectors.practice_provider.server import PracticeProvider
from hub.clock import Clock, SystemClock
from hub.ports.hooks import HookRequest
from hub.ports.messaging import OutgoingMessage
from hub.secret import Secret
from tests.connectors.contract import Heard, connected
from tests.patience import within

TOKEN, SECRET = "the-token", "the-shared-secret"
SENDER, VIBER = "AvtoMaister", "AvtoViber"
THEIRS, DIGITS = "+380671112233", "380671112233"
SAMPLES = Path(__file__).parent / "samples"
AT = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)
TURBOSMS = profile_of("turbosms")


def settings(**more: Any) -> HttpSmsSettings:
    """As a shop in Ukraine gives them."""
    base = HttpSmsSettings(
        token=Secret(TOKEN),
        webhook_secret=Secret(SECRET),
        sms_sender=SENDER,
        viber_sender=VIBER,
        timeout=within(1.0),
    )
    return replace(base, **more)


def made(
    profile: Profile = TURBOSMS,
    clock: Clock | None = None,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    **more: Any,
) -> HttpSms:
    """The connector, not running."""
    outbound = HttpOutbound(Allowed.of(hosts), SystemClock())
    return HttpSms(
        "http_sms", settings(**more), profile, outbound, clock or SystemClock(), "https://shop.example"
    )


def outgoing(text: str = "Готово", channel: str = "viber", **more: Any) -> OutgoingMessage:
    base = OutgoingMessage(
        id="01m", channel=channel, account=VIBER if channel == "viber" else SENDER, address=THEIRS, text=text,
        created_at=datetime.now(UTC), tries=1,
    )  # fmt: skip
    return replace(base, **more)


def request(body: bytes, *, query: str = "", headers: dict[str, str] | None = None) -> HookRequest:
    """A report as it came."""
    return HookRequest(
        method="POST", path="/hooks/http_sms", query=query, headers=headers or {}, body=body, received_at=AT
    )


@dataclass
class Line:
    """The connector while it runs, and the other side."""

    provider: PracticeProvider
    connector: HttpSms
    heard: Heard

    @property
    def account(self) -> ProviderAccount:
        return self.provider.account

    @property
    def last(self) -> PracticeShortMessage:
        return self.account.sent()[-1]


@asynccontextmanager
async def practice(hook: str = "") -> AsyncIterator[PracticeProvider]:
    provider = PracticeProvider(ProviderAccount(TOKEN, SECRET, SystemClock()), hook=hook)
    await provider.start()
    try:
        yield provider
    finally:
        await provider.stop()


@asynccontextmanager
async def line(provider: PracticeProvider, **more: Any) -> AsyncIterator[Line]:
    """The connector, connected."""
    connector = made(api_base=provider.base, **more)
    async with connected(connector) as heard:
        yield Line(provider, connector, heard)
