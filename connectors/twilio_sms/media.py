"""Fetches files that came with a message: from Twilio alone, whatever address a message names."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from connectors.twilio_sms.config import API, TwilioConfig
from hub.ports.errors import TransientError
from hub.ports.messaging import Refused

if TYPE_CHECKING:
    from connectors.twilio_sms.api import TwilioApi

_PIECE = 64 * 1024
_MOST_REDIRECTS = 3
_SECONDS = 60.0
_KEPT_AT = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")
"""Where Twilio keeps the bytes themselves; it names them by a redirect, with a signature of its own."""
_ANOTHERS = "The address of the file is not one of this Twilio account."


async def fetch(api: TwilioApi, config: TwilioConfig, ref: str) -> AsyncGenerator[bytes, None]:
    """The bytes of a file. Raises TransientError, or Refused when it is gone or not Twilio's."""
    url = place_of(config, ref)
    token = aiohttp.encode_basic_auth(config.account_sid, api.token)
    headers: dict[str, str] = {"Authorization": token}
    timeout = aiohttp.ClientTimeout(total=_SECONDS, sock_connect=10)
    try:
        for _ in range(_MOST_REDIRECTS):
            async with api.session.get(
                url, headers=headers, allow_redirects=False, timeout=timeout
            ) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    url, headers = _next(config, answer.headers.get("Location", "")), {}
                    continue
                _judge(answer.status)
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
                return
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise TransientError("Twilio does not answer.", 10.0) from error
    raise Refused("The file is led from one address to the next.")


def place_of(config: TwilioConfig, ref: str) -> str:
    """Where the API has it. Raises Refused for any other address."""
    account = re.escape(config.account_sid)
    found = re.fullmatch(
        rf"{re.escape(API)}(/2010-04-01/Accounts/{account}/Messages/[A-Za-z0-9]+/Media/[A-Za-z0-9]+)", ref
    )
    if found is None:
        raise Refused(_ANOTHERS)
    return config.api_base + found[1]


def _next(config: TwilioConfig, location: str) -> str:
    try:
        parts = urlsplit(location)
        host = (parts.hostname or "").lower()
        port = parts.port
    except ValueError:
        raise Refused(_ANOTHERS) from None
    if not location.startswith(f"{config.api_base}/") and (
        parts.scheme != "https" or port not in (None, 443) or not host.endswith(_KEPT_AT)
    ):
        raise Refused(_ANOTHERS)
    return location


def _judge(status: int) -> None:
    if status in (404, 410):
        raise Refused("The file is not there any more.")
    if status == 429 or status >= 500:
        raise TransientError("Twilio has trouble of its own.", 10.0)
    if status != 200:
        raise Refused(f"Twilio does not give the file out ({status}).")
