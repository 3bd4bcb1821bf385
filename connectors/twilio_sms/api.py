"""Twilio's API as far as we use it. Imported only when the connector runs: the library takes its time.

The library writes the requests and reads the answers; what it sends goes through our own HTTP client, which
knows a request that was certainly not carried out from one whose answer was only not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.response import Response
from twilio.rest import Client

from connectors.twilio_sms.config import API, TwilioConfig
from connectors.twilio_sms.faults import WAITING, fault_of
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.messaging import Refused, UnknownOutcome

_BUSY_WAIT, _AWAY_WAIT, _LONGEST_WAIT = 5.0, 10.0, 3600.0
_LARGEST_ANSWER = 4 * 1024 * 1024
_PIECE = 64 * 1024
_PAGE = 50
REFUSED_LOG_IN = "Twilio refuses HUB_TWILIO__ACCOUNT_SID or HUB_TWILIO__AUTH_TOKEN."
LOST = "Twilio's answer was not seen: the message may have gone out."


class TwilioApi:
    """One session with the API. Every method raises the words of hub/ports only."""

    def __init__(self, config: TwilioConfig) -> None:
        self._config = config
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=config.timeout, sock_connect=config.timeout / 2),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        self._http = _Http(self._session, config.api_base)
        self.token = config.tokens[0].value

    async def close(self) -> None:
        """Let go of every connection."""
        await self._session.close()

    async def log_in(self) -> str:
        """Find the token that is good; the account's name. Raises AuthFailed, NotReady."""
        for token in self._config.tokens:
            try:
                account = await self._client(token.value).api.accounts(self._config.account_sid).fetch_async()
            except AuthFailed:
                continue
            except TransientError as error:
                raise NotReady(error.text) from error
            except TwilioException as error:
                raise NotReady("Twilio does not know the account, or answers in a way of its own.") from error
            if account.status != "active":
                raise AuthFailed(f"The Twilio account is {account.status}.")
            self.token = token.value
            return str(account.friendly_name or "")
        raise AuthFailed(REFUSED_LOG_IN)

    async def create(
        self, *, to: str, sender: str, text: str, callback: str, media: Sequence[str] = ()
    ) -> Any:
        """Send one; `media` are addresses that Twilio fetches its files from. Raises Refused,
        TransientError, AuthFailed, UnknownOutcome."""
        fields: dict[str, Any] = {"to": to, "body": text}
        fields["messaging_service_sid" if sender.startswith("MG") else "from_"] = sender
        if media:
            fields["media_url"] = list(media)
        if callback:
            fields["status_callback"] = callback
        try:
            return await self._client(self.token).messages.create_async(**fields)
        except TwilioRestException as error:
            code = str(error.code or "")
            if code in WAITING:
                raise TransientError("Twilio's queue is full.", _BUSY_WAIT) from error
            fault = fault_of(code)
            raise Refused(fault.text, code, is_blocked=fault.is_blocked) from error
        except (TwilioException, ValueError) as error:
            raise UnknownOutcome(LOST) from error

    async def sent_to(self, to: str, since: datetime, most: int = 500) -> Sequence[Any]:
        """What the account has sent there, the newest first, back to that moment. Raises TransientError,
        AuthFailed."""
        found: list[Any] = []
        try:
            pages = await self._client(self.token).messages.stream_async(to=to, page_size=_PAGE, limit=most)
            async for one in pages:
                if one.date_created is not None and one.date_created < since:
                    break
                if str(one.direction or "").startswith("outbound"):
                    found.append(one)
        except (TwilioException, ValueError) as error:
            raise TransientError("Twilio answers in a way of its own.", _AWAY_WAIT) from error
        return found

    async def received_since(self, since: datetime, to: str | None, most: int = 1000) -> Sequence[Any]:
        """What came in, the newest first. Raises TransientError, AuthFailed."""
        fields: dict[str, Any] = {"to": to} if to else {}
        try:
            pages = await self._client(self.token).messages.stream_async(
                **fields, date_sent_after=since, page_size=_PAGE, limit=most
            )
            found = [one async for one in pages if one.direction == "inbound"]
        except (TwilioException, ValueError) as error:
            raise TransientError("Twilio answers in a way of its own.", _AWAY_WAIT) from error
        return found

    async def media_of(self, sid: str) -> Sequence[Any]:
        """The files of a message. Raises TransientError, AuthFailed."""
        try:
            return list(await self._client(self.token).messages(sid).media.list_async(limit=20))
        except (TwilioException, ValueError) as error:
            raise TransientError("Twilio answers in a way of its own.", _AWAY_WAIT) from error

    @property
    def session(self) -> aiohttp.ClientSession:
        return self._session

    def _client(self, token: str) -> Client:
        # A environment of our own: the library would look into the process's for more settings.
        return Client(
            self._config.account_sid, token, http_client=self._http, environment={"TWILIO_REGION": ""}
        )


class _Http:
    """Sends what the library has written, in place of its own AsyncTwilioHttpClient."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.is_async = True
        self._session = session
        self._base = base

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Raises TransientError (certainly not carried out), UnknownOutcome, AuthFailed."""
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
        url = self._base + uri.removeprefix(API)
        try:
            async with self._session.request(
                method, url, params=params or None, data=data or None, headers=sent, allow_redirects=False
            ) as answer:
                body = await _whole(answer.content)
                judge(answer.status, answer.headers.get("Retry-After", ""))
                return Response(answer.status, body.decode("utf-8", "replace"), answer.headers)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise TransientError("Twilio cannot be reached.", _AWAY_WAIT) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if method.upper() == "POST":
                raise UnknownOutcome(LOST) from error
            raise TransientError("Twilio does not answer.", _AWAY_WAIT) from error


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """To its end, or as much as may be; `read` alone gives what one piece brought."""
    pieces = bytearray()
    while len(pieces) < _LARGEST_ANSWER and (piece := await content.read(_PIECE)):
        pieces += piece
    return bytes(pieces)


def judge(status: int, retry_after: str = "") -> None:
    """What the status alone says. Raises AuthFailed, TransientError."""
    if status == 401:
        raise AuthFailed(REFUSED_LOG_IN)
    if status == 429:
        raise TransientError("Twilio asks to send more slowly.", _wait(retry_after) or _BUSY_WAIT)
    if status >= 500:
        raise TransientError("Twilio has trouble of its own.", _wait(retry_after) or _AWAY_WAIT)


def _wait(text: str) -> float:
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0
