"""E-mail out: whether the server lets us in is looked at every few minutes; a letter is one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from connectors.email import smtp
from connectors.email.compose import Attachment, Letter, address_of, written
from connectors.email.config import EmailSettings
from hub.clock import Clock
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, ConnectorError, NotReady
from hub.ports.intake import Intake
from hub.ports.messaging import Channel, OutgoingFile, OutgoingMessage, Refused, Sent, UnknownOutcome
from hub.ports.telephony import Finding

CHANNEL = "email"
_LONGEST = 10_000
_LOOK_AGAIN = 900.0
_LARGEST = 25_000_000
_NO_SENDER = "Set HUB_EMAIL__FROM_ADDRESS: the address that letters come from."


class Email:
    """Implements Connector and MessageSender. `shop` is what letters without a subject of their own bear."""

    def __init__(self, settings: EmailSettings, clock: Clock, shop: str = "") -> None:
        self._settings = settings
        self._clock = clock
        self._shop = shop
        self._is_up = False
        self._trouble = asyncio.Event()

    @property
    def name(self) -> str:
        return "email"

    async def run(self, _intake: Intake, status: Status) -> None:
        """Look whether the server lets us in, and again every few minutes."""
        try:
            while True:
                self._sender()
                await smtp.check(self._settings)
                self._trouble.clear()
                self._is_up = True
                status.report("ready", f"E-mail as {self._settings.from_address} by {self._settings.host}")
                await self._rest()
        finally:
            self._is_up = False

    async def examine(self) -> Sequence[Finding]:
        """Whether the server lets us in."""
        try:
            self._sender()
            await smtp.check(self._settings)
        except ConnectorError as error:
            hint = "Look at HUB_EMAIL__… in the settings."
            return [Finding(level="problem", text=f"email: {error.text}", hint=hint)]
        text = f"email: {self._settings.host} lets us in as {self._settings.from_address}."
        return [Finding(level="ok", text=text)]

    def channels(self) -> Mapping[str, Channel]:
        """One. Answers go to a mailbox of the shop's."""
        own = self._settings
        return {
            CHANNEL: Channel(
                name=CHANNEL, account=own.from_address, can_reply=False, can_buttons=False, can_media=True,
                can_write_first=True, longest=_LONGEST, per_second=own.per_second, per_chat=0.5,
                replies_to=own.reply_to or own.from_address,
            )
        }  # fmt: skip

    @property
    def takes_messages(self) -> bool:
        return self._is_up

    async def send(self, message: OutgoingMessage) -> Sent:
        """As ports.messaging. Our id is in the Message-ID, and comes back as the provider's."""
        if not self._is_up:
            raise NotReady("The mail server is not connected.")
        sender, to = self._sender(), address_of(message.address)
        # In a thread: with its files it may be 25 MB, each byte of which is turned into text.
        letter = await asyncio.to_thread(self._written, message, sender, to)
        try:
            await smtp.deliver(self._settings, sender, to, letter)
        except AuthFailed:
            self._trouble.set()
            raise
        return Sent(provider_id=_id_of(message, sender))

    async def find(self, message: OutgoingMessage) -> Sent | None:
        """Raises UnknownOutcome: no mail server tells."""
        raise UnknownOutcome("A mail server cannot be asked what it has sent: a person decides.")

    async def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        """Nothing comes in, so there are no files."""
        raise Refused("The file is gone.")
        yield b""

    def _written(self, message: OutgoingMessage, sender: str, to: str) -> bytes:
        """Raises Refused."""
        own = self._settings
        letter = Letter(
            id=_id_of(message, sender), sender=sender, sender_name=own.from_name or self._shop,
            reply_to=address_of(own.reply_to) if own.reply_to else "", to=to,
            subject=message.subject or own.subject or self._shop or own.from_name or sender,
            text=message.text, at=self._clock.now(), unsubscribe_url=message.unsubscribe_url,
            buttons=message.buttons, attachments=_read(message.files),
        )  # fmt: skip
        return written(letter).as_bytes()

    def _sender(self) -> str:
        try:
            return address_of(self._settings.from_address)
        except Refused as error:
            raise AuthFailed(_NO_SENDER) from error

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._trouble.wait()
        except TimeoutError:
            return
        self._is_up = False
        raise AuthFailed("The mail server refused our log-in or our address with a letter.")


def _id_of(message: OutgoingMessage, sender: str) -> str:
    return f"{message.id}@{sender.rpartition('@')[2]}"


def _read(files: tuple[OutgoingFile, ...]) -> list[Attachment]:
    """In a thread. Raises Refused for a file that is gone, or too much of them."""
    found: list[Attachment] = []
    for one in files:
        try:
            found.append(
                Attachment(data=Path(one.path).read_bytes(), content_type=one.content_type, name=one.name)
            )
        except OSError as error:
            raise Refused("A file of the letter is gone.") from error
    if sum(len(one.data) for one in found) > _LARGEST:
        raise Refused("The files are too large for a letter.")
    return found
