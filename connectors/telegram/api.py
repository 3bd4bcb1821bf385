"""Telegram's Bot API as far as we use it. Imported only when the connector runs: aiogram takes its time.

aiogram writes the requests and says which kind of error an answer is; what it sends goes through our own HTTP
client, which knows a request that was certainly not carried out from one whose answer was only not seen.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import PurePath
from typing import Any, cast

import aiohttp
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    DeleteWebhook,
    GetFile,
    GetMe,
    GetUpdates,
    GetWebhookInfo,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import InputFile

from connectors.telegram.config import HOOK_PATH, TelegramConfig
from connectors.telegram.contents import LARGEST_FETCHED
from connectors.telegram.faults import refusal_of
from connectors.telegram.translate import KINDS
from hub.ports.errors import AuthFailed, ConnectorError, TransientError
from hub.ports.messaging import Refused, UnknownOutcome

_AWAY_WAIT, _BUSY_WAIT, _LONGEST_WAIT = 10.0, 5.0, 3600.0
_LARGEST_ANSWER = 16 * 1024 * 1024
_PIECE = 64 * 1024
_KEEP_ALIVE = 5.0
_UPLOAD_SECONDS = 90.0
_MOST_UPDATES = 100
REFUSED_LOG_IN = "Telegram refuses HUB_TELEGRAM__TOKEN."
LOST = "Telegram's answer was not seen: the message may have gone out."
TOO_LARGE = "The file is larger than the 20 MB that Telegram gives out to bots: ask for it another way."


class OtherPoller(ConnectorError):
    """Somebody else asks for this bot's updates."""


class TelegramApi:
    """One session with the API. Every method raises the words of hub/ports only."""

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._session = _Session(config)
        self._bot = Bot(config.token.value, session=self._session)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._session.close()

    async def do(self, method: TelegramMethod[Any], *, seconds: float | None = None) -> Any:
        """Ask for something; its result as JSON. What changes nothing raises no UnknownOutcome."""
        timeout = max(1, round(seconds if seconds is not None else self._config.timeout))
        return await self._bot(method, request_timeout=timeout)

    async def send(self, method: TelegramMethod[Any]) -> Any:
        """The same with the time that an upload takes."""
        return await self.do(method, seconds=_UPLOAD_SECONDS)

    async def me(self) -> Mapping[str, Any]:
        """Who we are."""
        return cast("Mapping[str, Any]", await self.do(GetMe()))

    async def updates(self, offset: int | None) -> list[dict[str, Any]]:
        """What has come, in Telegram's order; waits for it as long as is set. Raises OtherPoller too."""
        wait = self._config.poll_seconds
        asked = GetUpdates(
            offset=offset, limit=_MOST_UPDATES, timeout=round(wait), allowed_updates=list(KINDS)
        )
        found = await self.do(asked, seconds=wait + self._config.timeout)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def no_webhook(self) -> None:
        """We ask for updates ourselves; what waits there stays."""
        await self.do(DeleteWebhook(drop_pending_updates=False))

    async def set_webhook(self) -> None:
        """Telegram brings updates to us."""
        await self.do(
            SetWebhook(
                url=self._config.public_url + HOOK_PATH, secret_token=self._config.secret.value,
                allowed_updates=list(KINDS), max_connections=40, drop_pending_updates=False,
            )
        )  # fmt: skip

    async def webhook_info(self) -> Mapping[str, Any]:
        """How bringing goes."""
        return cast("Mapping[str, Any]", await self.do(GetWebhookInfo()))

    async def fetch(self, ref: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a file. Raises TransientError, or Refused when it is gone or too large."""
        found = await self.do(GetFile(file_id=ref))
        size, path = found.get("file_size"), found.get("file_path")
        if type(size) is int and size > LARGEST_FETCHED:
            raise Refused(TOO_LARGE)
        if not isinstance(path, str) or not _is_plain(path):
            raise Refused("Telegram names no place for the file.")
        async for piece in self._session.pieces(self._bot.token, path):
            yield piece


class _Session(BaseSession):
    """In place of aiogram's AiohttpSession."""

    def __init__(self, config: TelegramConfig) -> None:
        super().__init__(api=TelegramAPIServer.from_base(config.api_base))
        self._connect = config.timeout / 2
        # A connection that the other side has just let go of leaves a message in doubt: none is kept long.
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE), trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )  # fmt: skip

    async def close(self) -> None:
        await self._http.close()

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        """Raises TransientError (certainly not carried out), UnknownOutcome, Refused, AuthFailed."""
        is_safe = method.__api_method__.startswith(("get", "set", "delete", "answer", "edit"))
        url = self.api.api_url(token=bot.token, method=method.__api_method__)
        patience = aiohttp.ClientTimeout(total=timeout, sock_connect=self._connect)
        self._check_open()
        try:
            async with self._http.post(
                url, data=self._form(bot, method), timeout=patience, allow_redirects=False
            ) as answer:
                body = await _whole(answer.content)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise TransientError("Telegram cannot be reached.", _AWAY_WAIT) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unseen(is_safe) from error
        return self._result(bot, method, answer.status, body, is_safe)

    async def stream_content(
        self, url: str, headers: dict[str, Any] | None = None, timeout: int = 30, chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:  # fmt: skip
        """Not used: see `pieces`."""
        raise NotImplementedError
        yield b""

    async def pieces(self, token: str, path: str) -> AsyncGenerator[bytes, None]:
        """A file, from the API's own host alone."""
        patience = aiohttp.ClientTimeout(total=_UPLOAD_SECONDS, sock_connect=self._connect)
        url = self.api.file_url(token=token, path=path)
        self._check_open()
        try:
            async with self._http.get(url, timeout=patience, allow_redirects=False) as answer:
                if answer.status == 429 or answer.status >= 500:
                    raise TransientError("Telegram has trouble of its own.", _AWAY_WAIT)
                if answer.status != 200:
                    raise Refused("The file is not there any more.")
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise TransientError("Telegram does not answer.", _AWAY_WAIT) from error

    def _check_open(self) -> None:
        """What had to wait may find the link ended."""
        if self._http.closed:
            raise TransientError("Telegram is not connected.", _AWAY_WAIT)

    def _form(self, bot: Bot, method: TelegramMethod[Any]) -> aiohttp.FormData:
        form = aiohttp.FormData(quote_fields=False)
        files: dict[str, InputFile] = {}
        for name, value in method.model_dump(warnings=False).items():
            prepared = self.prepare_value(value, bot=bot, files=files)
            if prepared is not None and prepared != "":
                form.add_field(name, prepared)
        for name, file in files.items():
            form.add_field(name, file.read(bot), filename=file_name(file.filename or name))
        return form

    def _result(
        self, bot: Bot, method: TelegramMethod[Any], status: int, body: bytes, is_safe: bool
    ) -> Any:  # fmt: skip
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
            raise _no_answer(status, is_safe)
        if said["ok"]:
            return said.get("result")
        if status >= 500 and not is_safe:
            raise UnknownOutcome(LOST)
        try:
            self.check_response(bot, method, status, json.dumps(said))
        except (TelegramAPIError, ClientDecodeError) as error:
            raise in_our_words(error, status) from error
        raise _unseen(is_safe)


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """To its end, or as much as may be; `read` alone gives what one piece brought."""
    pieces = bytearray()
    while len(pieces) < _LARGEST_ANSWER and (piece := await content.read(_PIECE)):
        pieces += piece
    return bytes(pieces)


def in_our_words(error: TelegramAPIError | ClientDecodeError, status: int) -> ConnectorError:
    """What Telegram says by `ok: false` was not done; of a fault of its own nobody knows that."""
    said = error.message if isinstance(error, TelegramAPIError) else ""
    match error:
        case TelegramRetryAfter():
            wait = min(float(error.retry_after), _LONGEST_WAIT)
            return TransientError("Telegram asks to send more slowly.", wait)
        case TelegramMigrateToChat():
            return Refused("The group has become another one.", moved_to=str(error.migrate_to_chat_id))
        case TelegramUnauthorizedError() | TelegramNotFound():
            return AuthFailed(REFUSED_LOG_IN)
        case TelegramConflictError():
            return OtherPoller("Another program asks Telegram for this bot's updates.")
        case TelegramForbiddenError():
            return refusal_of(said, is_forbidden=True)
        case TelegramEntityTooLarge():
            return Refused("The file is too large for Telegram: at most 50 MB.", "413")
        case TelegramServerError():
            return TransientError("Telegram has trouble of its own.", _AWAY_WAIT)
    if status == 429:
        return TransientError("Telegram asks to send more slowly.", _BUSY_WAIT)
    return refusal_of(said)


def file_name(name: str) -> str:
    """As it may stand in a header: nothing in it ends the line or the quotes."""
    kept = "".join(sign for sign in PurePath(name).name if sign.isprintable() and sign not in '"\\;')
    return kept[:100].strip() or "file"


def _no_answer(status: int, is_safe: bool) -> ConnectorError:
    """What some box on the way has answered."""
    if status == 429:
        return TransientError("Telegram asks to send more slowly.", _BUSY_WAIT)
    return _unseen(is_safe)


def _unseen(is_safe: bool) -> ConnectorError:
    return TransientError("Telegram does not answer.", _AWAY_WAIT) if is_safe else UnknownOutcome(LOST)


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    plain = path.isascii() and path.isprintable() and not set(path) & set("?#%\\ ")
    return plain and all(one not in ("", ".", "..") for one in parts)
