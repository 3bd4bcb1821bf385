"""A real SMTP server with a ledger, and the way to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.email.config import EmailSettings
from connectors.email.connector import Email
from hub.clock import SystemClock
from hub.ports.messaging import OutgoingMessage
from hub.secret import Secret
from tests.connectors.contract import Heard

USER, PASSWORD = "shop", "the-mail-password"
OURS, THEIRS, BOX = "shop@avtomaister.example", "olena@client.example", "desk@avtomaister.example"


@dataclass
class MailServer:
    """What a server of the shop's provider does. `answers`: what stands in place of its own answers to a
    step (`MAIL`, `RCPT`, `DATA`); `dies`: it takes the next letter and drops the line without a word."""

    port: int = 0
    letters: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    dies: bool = False
    logins: list[str] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's word
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tls.append(session.ssl is not None)
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's word
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        made = message_from_bytes(content, policy=POLICY)
        assert isinstance(made, EmailMessage)
        self.letters.append((envelope.mail_from or "", list(envelope.rcpt_tos), made))
        if self.dies:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK: queued"

    def let_in(self, server: SMTP, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        """Who may send."""
        self.logins.append(how)
        is_known = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_known, handled=False)


@asynccontextmanager
async def mail(folder: Path | None = None, *, implicit: bool = False) -> AsyncIterator[MailServer]:
    """It listens; with a folder it has a certificate there, and asks who one is."""
    made = MailServer()
    context = None
    if folder is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate(folder))

    def serve() -> SMTP:
        return SMTP(
            made, hostname="mail.example", enable_SMTPUTF8=False,
            tls_context=None if implicit else context, require_starttls=context is not None and not implicit,
            auth_required=context is not None, auth_require_tls=not implicit, authenticator=made.let_in,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(
        serve, "127.0.0.1", 0, ssl=context if implicit else None
    )
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@cache
def _made_certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def certificate(folder: Path) -> Path:
    """Key and certificate of one's own, in one file."""
    path = folder / "mail.pem"
    path.write_bytes(_made_certificate())
    return path


def settings(port: int, **more: Any) -> EmailSettings:
    base = EmailSettings(
        host="127.0.0.1", port=port, security="none", from_address=OURS, from_name="Автомайстер", timeout=5.0
    )
    return replace(base, **more)


def safe(port: int, folder: Path, **more: Any) -> EmailSettings:
    """With log-in, over TLS."""
    own = {"security": "starttls", "username": USER, "password": Secret(PASSWORD)}
    return settings(port, **{**own, "ca_file": str(folder / "mail.pem"), **more})


def outgoing(text: str = "Авто готове", address: str = THEIRS, **more: Any) -> OutgoingMessage:
    base = OutgoingMessage(
        id="01m", channel="email", account=OURS, address=address, text=text, created_at=datetime.now(UTC),
        tries=1,
    )  # fmt: skip
    return replace(base, **more)


@asynccontextmanager
async def line(own: EmailSettings) -> AsyncIterator[tuple[Email, Heard]]:
    """The connector, connected."""
    connector, heard = Email(own, SystemClock(), "Автомайстер на Подолі"), Heard()
    running = asyncio.create_task(connector.run(heard, heard))
    try:
        await heard.until(lambda: bool(heard.states) or running.done())
        if running.done():
            await running
        yield connector, heard
    finally:
        running.cancel()
        await asyncio.wait([running])
