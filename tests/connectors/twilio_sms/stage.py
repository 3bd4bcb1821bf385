"""One account, requests signed by Twilio's own library, and the link to the practice Twilio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from multidict import MultiDict
from twilio.request_validator import RequestValidator

from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from connectors.twilio_sms.config import SMS_PATH, TwilioConfig
from connectors.twilio_sms.connector import TwilioSms
from hub.clock import SystemClock
from hub.ports.hooks import HookRequest
from hub.ports.messaging import OutgoingMessage
from hub.secret import Secret
from tests.connectors.contract import Heard, connected
from tests.patience import within

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN, OLD_TOKEN = "the-new-token", "the-old-token"
PUBLIC = "https://shop.example"
OURS, THEIRS = "+380441234567", "+380671112233"
SAMPLES = Path(__file__).parent / "samples"
AT = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)


def config(**more: Any) -> TwilioConfig:
    """As the settings of a shop give it."""
    base = TwilioConfig(
        account_sid=ACCOUNT, tokens=(Secret(TOKEN), Secret(OLD_TOKEN)), sender=OURS, public_url=PUBLIC,
        catch_up_seconds=0.05, timeout=within(1.0),
    )  # fmt: skip
    return replace(base, **more)


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.form").read_text(encoding="ascii")


def signature(url: str, body: str, token: str = TOKEN) -> str:
    """By Twilio's own library."""
    fields = MultiDict(parse_qsl(body, keep_blank_values=True))
    return str(RequestValidator(token).compute_signature(url, fields))


def request(
    body: str, *, path: str = SMS_PATH, query: str = "", signed: str | None = None, token: str = TOKEN,
    public: str = PUBLIC, method: str = "POST", headers: Mapping[str, str] | None = None,
) -> HookRequest:  # fmt: skip
    """A request as it came; signed for its address unless a signature is given."""
    url = public + path + (f"?{query}" if query else "")
    made = signature(url, "" if method == "GET" else body, token) if signed is None else signed
    return HookRequest(
        method=method, path=path, query=query,
        headers={"x-twilio-signature": made, **(headers or {})},
        body=b"" if method == "GET" else body.encode("latin-1"), received_at=AT,
    )  # fmt: skip


def outgoing(text: str = "Готово", address: str = THEIRS, **more: Any) -> OutgoingMessage:
    made = OutgoingMessage(
        id="01m", channel="sms", account=OURS, address=address, text=text,
        created_at=datetime.now(UTC), tries=1,
    )  # fmt: skip
    return replace(made, **more)


@dataclass
class Line:
    """The connector while it runs, and the other side."""

    twilio: PracticeTwilio
    connector: TwilioSms
    heard: Heard

    @property
    def account(self) -> Account:
        return self.twilio.account


@asynccontextmanager
async def practice(clock: SystemClock | None = None) -> AsyncIterator[PracticeTwilio]:
    made = PracticeTwilio(Account(ACCOUNT, [TOKEN], clock or SystemClock()), public=PUBLIC)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def line(twilio: PracticeTwilio, **more: Any) -> AsyncIterator[Line]:
    """The connector, logged in."""
    connector = TwilioSms(config(api_base=twilio.base, **more), SystemClock())
    async with connected(connector) as heard:
        yield Line(twilio, connector, heard)
