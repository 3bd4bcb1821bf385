"""One letter over one connection. Each step says what its failure means: before the server takes the text
nothing has gone out, while it takes it nobody knows."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from connectors.email.compose import line
from connectors.email.config import EmailSettings
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.messaging import Refused, UnknownOutcome

_PAUSE = 30.0
_LONGEST_WORDS = 150
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_MAILBOX = re.compile(r"\b5\.(1\.[1-3]|1\.6|1\.10|2\.1)\b")
_REFUSED_LOG_IN = (530, 534, 535, 538)
LOST = "The mail server's answer was not seen: the letter may have gone out."
_CERTIFICATE = "The certificate of the mail server is not valid for {host}."
_OPEN = "A password does not go over an open line: set HUB_EMAIL__SECURITY to starttls or tls."


async def check(settings: EmailSettings) -> None:
    """Whether the server lets us in. Raises NotReady, AuthFailed."""
    try:
        client = await _connected(settings)
    except TransientError as error:
        raise NotReady(error.text) from error
    await _leave(client)


async def deliver(settings: EmailSettings, sender: str, to: str, letter: bytes) -> None:
    """Hand one letter over. Raises TransientError (certainly not sent), Refused, AuthFailed,
    UnknownOutcome."""
    client = await _connected(settings)
    try:
        await _envelope(client, sender, to)
        await _data(client, letter)
    finally:
        await _leave(client)


async def _connected(settings: EmailSettings) -> aiosmtplib.SMTP:
    if settings.security == "none" and settings.password.value and settings.host not in _LOOPBACK:
        raise AuthFailed(_OPEN)
    # In a thread: all certificates of the system are read.
    context = await asyncio.to_thread(_context, settings) if settings.security != "none" else None
    client = aiosmtplib.SMTP(
        hostname=settings.host, port=settings.port, timeout=settings.timeout, local_hostname="pitline",
        use_tls=settings.security == "tls", start_tls=settings.security == "starttls",
        tls_context=context,
    )  # fmt: skip
    try:
        await client.connect()
        if settings.username:
            await client.login(settings.username, settings.password.value)
    except SMTPAuthenticationError as error:
        client.close()
        if error.code in _REFUSED_LOG_IN:
            raise AuthFailed("The mail server refuses HUB_EMAIL__USERNAME or HUB_EMAIL__PASSWORD.") from error
        raise TransientError("The mail server does not let us in just now.", _PAUSE) from error
    except (SMTPException, OSError) as error:
        client.close()
        raise _unreached(error, settings) from error
    return client


def _context(settings: EmailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise AuthFailed("HUB_EMAIL__CA_FILE names no certificate that can be read.") from error


def _unreached(error: Exception, settings: EmailSettings) -> Exception:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return AuthFailed(_CERTIFICATE.format(host=settings.host))
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, SMTPTimeoutError | SMTPConnectError | SMTPServerDisconnected | OSError):
        return TransientError("The mail server cannot be reached.", _PAUSE)
    if isinstance(error, SMTPResponseException):
        return TransientError(f"The mail server does not let us in just now: {_words(error)}", _PAUSE)
    return AuthFailed("The mail server offers no encryption, or no log-in that we know.")


async def _envelope(client: aiosmtplib.SMTP, sender: str, to: str) -> None:
    try:
        await client.mail(sender)
    except SMTPResponseException as error:
        if error.code >= 500:
            raise AuthFailed(f"The mail server does not let us send as {sender}: {_words(error)}") from error
        raise TransientError(f"The mail server takes nothing just now: {_words(error)}", _PAUSE) from error
    except (SMTPException, OSError) as error:
        raise TransientError("The mail server broke the connection off.", _PAUSE) from error
    try:
        await client.rcpt(to)
    except SMTPResponseException as error:
        raise _not_taken(error) from error
    except (SMTPException, OSError) as error:
        raise TransientError("The mail server broke the connection off.", _PAUSE) from error


def _not_taken(error: SMTPResponseException) -> Exception:
    """Of one receiver: it says nothing of the others, so the channel goes on."""
    if error.code == 421:
        return TransientError("The mail server takes nothing just now.", _PAUSE)
    if error.code < 500:
        return TransientError(f"The receiver's mailbox takes nothing just now: {_words(error)}")
    if _NO_MAILBOX.search(error.message):
        return Refused("This mailbox does not exist.", str(error.code), is_blocked=True)
    return Refused(f"The mail server does not take it: {_words(error)}", str(error.code))


async def _data(client: aiosmtplib.SMTP, letter: bytes) -> None:
    try:
        await client.data(letter)
    except SMTPResponseException as error:
        if error.code >= 500:
            raise Refused(f"The mail server does not take it: {_words(error)}", str(error.code)) from error
        if error.code < 400:
            # It is no refusal, or no answer that one could read (-1).
            raise UnknownOutcome(LOST) from error
        pause = _PAUSE if error.code == 421 else 0.0
        raise TransientError(f"The mail server takes it later: {_words(error)}", pause) from error
    except (SMTPException, OSError) as error:
        raise UnknownOutcome(LOST) from error


async def _leave(client: aiosmtplib.SMTP) -> None:
    """What was taken is taken: how the line ends changes nothing."""
    with suppress(SMTPException, OSError):
        if client.is_connected:
            await client.quit(timeout=2.0)
    client.close()


def _words(error: SMTPResponseException) -> str:
    return f"{error.code} {line(error.message, _LONGEST_WORDS)}"
