"""Sends to addresses that somebody typed in. A name is resolved here, every address it has is judged,
and the connection goes to those very addresses: what DNS says a moment later changes nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from connectors.outbound.addresses import (
    NOT_OPEN,
    Address,
    Allowed,
    clean_host,
    is_never_asked,
    may_be_asked,
    target_of,
)
from hub.clock import Clock
from hub.ports.errors import PermanentError, TransientError
from hub.ports.outbound import AnswerLost, Reply

FIRST_BYTES = 1024
_LOOK_UP = 5.0
_LONGEST_WAIT = 86400.0

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to addresses; raises OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


_Read = Callable[[aiohttp.StreamReader], Awaitable[bytes]]


class _Refused(OSError):
    """An address that may not be asked; it ends the attempt like a network that is not there."""


class HttpOutbound:
    """Implements ports.outbound.Outbound."""

    def __init__(self, allowed: Allowed, clock: Clock, look_up: LookUp = look_up) -> None:
        self._allowed = allowed
        self._clock = clock
        self._look_up = look_up
        self._session: aiohttp.ClientSession | None = None
        self._named: set[str] = set()
        """Addresses of hosts that the settings name."""

    async def fault_of(self, url: str) -> str | None:
        """Why this address may not be asked; resolves the name."""
        target = target_of(url, self._allowed)
        if isinstance(target, str):
            return target
        if isinstance(target.host, str):
            try:
                await self._addresses(target.host, target.port)
            except _Refused:
                return NOT_OPEN
            except OSError:
                return "There is no such host."
        return None

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        """Send it; the first bytes of the answer are read, redirects are answers like others."""
        return await self._ask("POST", url, headers, body, seconds, lambda answer: answer.read(FIRST_BYTES))

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float, largest: int
    ) -> Reply:
        """As ports.outbound; redirects are answers like others."""
        return await self._ask(method, url, headers, body, seconds, lambda answer: _first_of(answer, largest))

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float, read: _Read
    ) -> Reply:
        target = target_of(url, self._allowed)
        if isinstance(target, str):
            raise PermanentError(target)
        began = time.monotonic()
        try:
            async with self._opened().request(
                method,
                url,
                data=body or None,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2),
            ) as answer:
                return Reply(
                    status=answer.status,
                    body=await read(answer.content),
                    ms=round((time.monotonic() - began) * 1000),
                    retry_after=self._wait(answer.headers.get("Retry-After", "")),
                )
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise _unreached(error) from error
        except TimeoutError as error:
            raise AnswerLost("It did not answer in time.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if _is_refusal(error):
                raise PermanentError(NOT_OPEN) from error
            raise AnswerLost(_words(error)) from error

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self._addresses),
                use_dns_cache=False,
                force_close=True,
                limit=0,
                socket_factory=self._socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                max_line_size=8190,
                max_field_size=8190,
            )
        return self._session

    def _socket(self, found: Any) -> socket.socket:
        """The last gate: whatever led here, the socket is for this address."""
        family, kind, protocol, _, address = found
        if not self._is_open(str(address[0])):
            raise _Refused(NOT_OPEN)
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Every address of a name; one that may not be asked spoils them all."""
        async with asyncio.timeout(_LOOK_UP):
            found = list(dict.fromkeys(await self._look_up(host, port)))
        if not found:
            raise OSError(f"{host} has no address")
        if self._allowed.names_host(host) and not any(is_never_asked(_address(one)) for one in found):
            self._named.update(found)
        if not all(self._is_open(one) for one in found):
            raise _Refused(NOT_OPEN)
        return found

    def _is_open(self, text: str) -> bool:
        return text in self._named or may_be_asked(_address(text), self._allowed)

    def _wait(self, text: str) -> float | None:
        """Retry-After: seconds or a date."""
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), _LONGEST_WAIT)
        try:
            seconds = (parsedate_to_datetime(text) - self._clock.now()).total_seconds()
        except (ValueError, TypeError):
            return None
        return min(max(0.0, seconds), _LONGEST_WAIT)


class _Resolver(AbstractResolver):
    """What aiohttp asks for names: judged addresses only."""

    def __init__(self, addresses: LookUp) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        name = clean_host(host)
        if name is None:
            raise _Refused(NOT_OPEN)
        found = await self._addresses(str(name), port) if isinstance(name, str) else [str(name)]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _first_of(content: aiohttp.StreamReader, largest: int) -> bytes:
    """Up to so many bytes; `read` alone gives what one piece brought."""
    pieces = bytearray()
    while len(pieces) < largest and (piece := await content.read(largest - len(pieces))):
        pieces += piece
    return bytes(pieces)


def _unreached(error: aiohttp.ClientError) -> PermanentError | TransientError:
    """No connection came about, so nothing was sent."""
    if _is_refusal(error):
        return PermanentError(NOT_OPEN)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return TransientError("It did not answer in time.")
    return TransientError(_words(error))


def _address(text: str) -> Address:
    """As the resolver writes it, the interface of a link-local one left out."""
    return ipaddress.ip_address(text.partition("%")[0])


def _is_refusal(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _Refused):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: Exception) -> str:
    """What a person may be told of a network fault."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "Its certificate is not valid."
    if isinstance(error, aiohttp.ClientSSLError):
        return "It does not speak TLS as it should."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "There is no such host."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "Nothing listens there, or it cannot be reached."
    return "It broke the connection off."
