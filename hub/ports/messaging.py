"""What the hub asks of a link that carries messages: send one, say what became of one, fetch a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from hub.events.messages import Place
from hub.ports.errors import ConnectorError
from hub.ports.telephony import Finding

NUMBERS = frozenset({"sms", "viber", "whatsapp"})
"""Channels whose addresses are phone numbers."""


class UnknownOutcome(ConnectorError):
    """The request may have been carried out, and its answer was not seen: never sent again by itself."""


class Refused(ConnectorError):
    """This message will never go out as it stands. `code` is the provider's, `is_blocked`: the address
    takes nothing of us any more; `moved_to`: it has a new address, to which it may be sent."""

    def __init__(self, text: str, code: str = "", *, is_blocked: bool = False, moved_to: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.is_blocked = is_blocked
        self.moved_to = moved_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a channel can do. `can_write_first`: also to somebody who never wrote there, given a phone
    number. `can_place`: a point on the map is sent as such, elsewhere its link stands in the text.
    `longest` in characters; `per_second` over the whole account, `per_chat` for one address; the
    sender keeps both. `falls_to` is the channel by which the provider sends on what does not arrive on this
    one, `replies_to` where answers go that do not come here.

    `media_to`: where they are named, files go only to addresses that begin so; `most_files`, `most_bytes` of
    one message (0: any). `fetches_files`: the provider fetches them from an address of ours."""

    name: str
    account: str
    can_reply: bool
    can_buttons: bool
    can_media: bool
    can_write_first: bool
    longest: int
    per_second: float
    per_chat: float
    can_place: bool = False
    falls_to: str = ""
    replies_to: str = ""
    media_to: tuple[str, ...] = ()
    most_files: int = 0
    most_bytes: int = 0
    fetches_files: bool = False

    def carries(self, address: str, sizes: Sequence[int]) -> bool:
        """Whether files of these sizes go along to there."""
        return (
            self.can_media
            and (not self.media_to or address.startswith(self.media_to))
            and len(sizes) <= (self.most_files or len(sizes))
            and sum(sizes) <= (self.most_bytes or sum(sizes))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One choice under a message: a link, a payload that comes back as `MessageReceived.pressed`, or what
    they are asked for (`contact`: their own number, which comes back as `MessageReceived.phone`; `place`)."""

    title: str
    url: str = ""
    payload: str = ""
    asks: Literal["", "contact", "place"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file that goes along, read from the disk while it is sent. `url`: where the provider fetches it, for
    a day, on a channel that says so."""

    path: Path
    content_type: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message on its way out. `id` is our own: the idempotency key, and what a status brings back
    where the provider can. `tries` counts this one: above 1 the provider is asked first whether it has it,
    where it can be asked."""

    id: str
    channel: str
    account: str
    address: str
    text: str
    created_at: datetime
    tries: int
    buttons: tuple[Button, ...] = ()
    files: tuple[OutgoingFile, ...] = ()
    answers: str = ""
    """The provider's id of the message that it replies to."""
    subject: str = ""
    """Of a letter; empty: the channel's own."""
    unsubscribe_url: str = ""
    """Of an advertisement: where its receiver ends them with one click."""
    place: Place | None = None
    """Only where the channel says `can_place`; it goes behind the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider has it, under its own id; `parts` that it was cut into (0: not told)."""

    provider_id: str
    parts: int = 0


@runtime_checkable
class MessageSender(Protocol):
    """A connector that carries messages."""

    def channels(self) -> Mapping[str, Channel]:
        """What this connector carries by the channel's name, by its settings: also while it is down."""
        ...

    @property
    def takes_messages(self) -> bool:
        """Whether this process holds the link, and it is up."""
        ...

    async def send(self, message: OutgoingMessage) -> Sent:
        """Send it once. Raises TransientError (certainly not sent; `retry_after` holds for the whole
        channel), Refused, AuthFailed, NotReady, or UnknownOutcome; no other exception."""
        ...

    async def find(self, message: OutgoingMessage) -> Sent | None:
        """Whether the provider has this message, of which we do not know. None: certainly not. Raises
        UnknownOutcome where the provider cannot be asked that, TransientError when it does not answer."""
        ...

    def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a received file. Raises TransientError, or Refused when it is gone."""
        ...


@runtime_checkable
class ChatBot(Protocol):
    """A connector whose account is a bot: besides messages to clients it speaks in groups, changes what it
    has said, and answers a pressed button. None of these is kept or tried again here: that is the caller's.
    Each raises TransientError (certainly not done), Refused, AuthFailed, NotReady, or UnknownOutcome."""

    async def bot_name(self) -> str:
        """By which `https://t.me/<name>` leads to it, in every process; empty while it is not known."""
        ...

    async def post(self, group: str, text: str, buttons: Sequence[Button] = (), *, answers: str = "") -> Sent:
        """Say something in a group; each button stands in a row of its own. `Refused.moved_to`: the group has
        another id now."""
        ...

    async def change(
        self, address: str, provider_id: str, text: str, buttons: Sequence[Button] = (), *, account: str = ""
    ) -> None:
        """Say it differently: a message of the bot's in a group or chat has this text and these buttons. The
        same as it was is no fault. `account` as the thread knows it (of groups it is empty)."""
        ...

    async def answer_press(self, press: str, text: str = "", *, is_alert: bool = False) -> bool:
        """Tell whoever pressed (at most 200 characters, shown for a moment or to be closed). Every press is
        answered with nothing within a second anyhow; False: it is too late for words."""
        ...


@runtime_checkable
class ExaminesItself(Protocol):
    """A link that can be looked at while it does not run: `pitline doctor messages`."""

    async def examine(self) -> Sequence[Finding]:
        """Whether its provider lets us in, and what to do when not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One that the provider has and of which no end is known."""

    channel: str
    provider_id: str
    created_at: datetime


@runtime_checkable
class AsksStates(Protocol):
    """A link whose provider is asked how far messages have come, besides or instead of telling it."""

    @property
    def asks_every(self) -> float:
        """Seconds between two rounds; 0: it is not to be asked."""
        ...

    async def ask(self, messages: Sequence[SentMessage]) -> None:
        """How far these have come; what is told goes to the intake. Raises TransientError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeText:
    """A message as the client's phone shows it; `state` in the provider's word, `channel` where the phone has
    several."""

    at: datetime
    text: str
    state: str
    is_of_the_shop: bool
    channel: str = ""
    subject: str = ""


@runtime_checkable
class PracticePhone(Protocol):
    """A built-in provider of the demo, where one is the client."""

    @property
    def title(self) -> str:
        """What the phone is called."""
        ...

    @property
    def can_write(self) -> bool:
        """Whether a client can answer there."""
        ...

    @property
    def number(self) -> str:
        """The shop's."""
        ...

    def numbers(self) -> Sequence[str]:
        """Whoever wrote or was written to, the last one first."""
        ...

    def texts(self, number: str) -> Sequence[PracticeText]:
        """What was said between the shop and this number, in order."""
        ...

    async def write(self, number: str, text: str) -> str:
        """Write to the shop; the number as it is known. Raises Invalid, Unavailable."""
        ...
