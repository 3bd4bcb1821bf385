"""Facts about messages: what people write to the shop, and what became of what the shop wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event

_COMMAND = re.compile(r"/[a-z_]{2,32}(@\w{3,64})?( [\w-]{0,64})?")
"""What the menu of a messenger's bot writes for its user."""

MessageState = Literal["received", "queued", "sending", "sent", "delivered", "read", "failed", "unknown"]
"""`received` of an inbound message; the others of an outbound one. `unknown`: it may have gone out, and
nobody can say; a person decides."""

DeliveryState = Literal["sent", "delivered", "read", "failed"]
"""What a provider tells of a message of ours, each further than the one before; `failed` is an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of somebody else's message, not fetched yet. `ref` is the provider's own handle of it."""

    ref: str
    content_type: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """Somebody wrote to the shop. `address` is theirs on that channel (E.164, a chat's id, an e-mail
    address), `account` ours that they wrote to. `phone` is a number that they have proved to be theirs
    (shared by their own act), never one that they typed. `start` is the word that a link of ours brought
    along, `pressed` the payload of a button of ours (as it was, or as somebody has forged it), `press` what
    the press can be answered by, `edits` the provider's id of the message that this one replaces, `answers`
    the one that it replies to."""

    name: ClassVar[str] = "message.received"
    channel: str
    account: str
    address: str
    provider_id: str
    text: str
    written_at: datetime
    writer: str = ""
    language: str | None = None
    phone: str | None = None
    start: str | None = None
    pressed: str | None = None
    edits: str | None = None
    answers: str | None = None
    place: Place | None = None
    attachments: tuple[Attached, ...] = field(default=())
    press: str | None = None

    @property
    def key(self) -> str:
        return f"thread:{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSentElsewhere(Event):
    """The shop wrote past us, in its own app: what its people type on the phone stands in the thread too.
    Fields as of MessageReceived; `writer` is who of ours wrote."""

    name: ClassVar[str] = "message.sent_elsewhere"
    channel: str
    account: str
    address: str
    provider_id: str
    text: str
    written_at: datetime
    writer: str = ""
    edits: str | None = None
    answers: str | None = None
    place: Place | None = None
    attachments: tuple[Attached, ...] = field(default=())

    @property
    def key(self) -> str:
        return f"thread:{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDeleted(Event):
    """Messages of a thread were taken back where they were written, theirs or ours, by the provider's ids."""

    name: ClassVar[str] = "message.deleted"
    channel: str
    address: str
    provider_ids: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"thread:{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChanged(Event):
    """An address takes nothing of us any more (`is_blocked`), or does again."""

    name: ClassVar[str] = "message.reach_changed"
    channel: str
    account: str
    address: str
    is_blocked: bool

    @property
    def key(self) -> str:
        return f"thread:{self.channel}:{self.address}"


def is_for_the_bot(event: MessageReceived | MessageArrived) -> bool:
    """Whether a machine is spoken to, and no person is waited for."""
    said = (event.pressed, event.start, event.phone)
    return any(one is not None for one in said) or _COMMAND.fullmatch(event.text.strip()) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStatusChanged(Event):
    """A provider tells how far a message of ours has come. `message_id` is ours where the provider gives
    it back: the status may arrive before the answer that brings the provider's own id."""

    name: ClassVar[str] = "message.status_changed"
    channel: str
    provider_id: str
    state: DeliveryState
    message_id: str | None = None
    error: str = ""
    is_blocked: bool = False
    """Whether this address takes nothing of us any more."""
    carried_by: str = ""
    """The channel that brought it, where the provider has several to choose from."""

    @property
    def key(self) -> str:
        return f"provider:{self.channel}:{self.provider_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFact(Event):
    """Something that modules may want to know of a message that stands in a thread."""

    message_id: str
    conversation_id: str
    client_id: str | None
    channel: str
    address: str

    @property
    def key(self) -> str:
        return f"conversation:{self.conversation_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageArrived(MessageFact):
    """A message of theirs stands in its thread. `account`, `phone`, `start`, `pressed`, `answers` and
    `language` are as the connector told them."""

    name: ClassVar[str] = "message.arrived"
    text: str
    account: str = ""
    phone: str | None = None
    start: str | None = None
    pressed: str | None = None
    answers: str | None = None
    language: str | None = None

    @property
    def is_for_the_bot(self) -> bool:
        """Whether a machine is spoken to: a button, a link, a number by the button for it, or `/start`."""
        return is_for_the_bot(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettled(MessageFact):
    """What became of a message of ours: `sent`, `delivered`, `read`, `failed` or `unknown`."""

    name: ClassVar[str] = "message.settled"
    state: MessageState
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBarred(MessageFact):
    """By a message of ours the provider tells that this address takes nothing of us any more."""

    name: ClassVar[str] = "message.barred"
    error: str = ""
