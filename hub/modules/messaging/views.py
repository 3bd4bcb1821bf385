"""What messaging gives out and takes: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.events.messages import MessageState
from hub.kernel.masking import Dialable, Words
from hub.modules.consents.api import SendPurpose
from hub.ports.messaging import Button
from hub.values import ShopId

Direction = Literal["inbound", "outbound"]
ThreadState = Literal["open", "snoozed", "closed"]
Priority = Literal["dialogue", "notice", "campaign"]
"""What goes out first: an answer to somebody, what they wait for, what nobody waits for."""
Shops = Collection[ShopId] | None
"""The shops that somebody may see; None = every one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of a message; `state`: `waiting` to be fetched, `ready`, or `gone`."""

    id: str
    content_type: str
    size: int
    name: Words = ""
    state: str = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A point on the map."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message in its thread. `address` is the other side's. `author`: who of ours wrote it."""

    id: str
    rev: int
    n: int
    shop_id: str
    conversation_id: str
    client_id: str | None
    channel: str
    direction: Direction
    state: MessageState
    text: Words
    address: Dialable
    provider_id: str | None
    error: str
    created_at: datetime
    settled_at: datetime | None
    edited_at: datetime | None
    author: Words
    parts: int
    tries: int
    carried_by: str
    """The channel that brought it to them, where it was not `channel`: an SMS in place of Viber."""
    is_asked: bool
    """The provider is still to be asked whether it has it."""
    attachments: tuple[FileView, ...] = ()
    place: PlaceView | None = None
    purpose: SendPurpose = "dialogue"
    is_deleted: bool = False
    """It was taken back where it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A thread. `writer` is how they call themselves, `addresses` by which they write."""

    id: str
    rev: int
    shop_id: str
    client_id: str | None
    state: ThreadState
    owner_id: str | None
    unread: int
    waiting_since: datetime | None
    snoozed_until: datetime | None
    last_at: datetime
    created_at: datetime
    addresses: tuple[AddressView, ...] = ()
    last: MessageView | None = None
    answering_by: str | None = None
    answering_name: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """Where they write from."""

    channel: str
    address: Dialable
    writer: Words
    is_blocked: bool
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """What a colleague wrote for colleagues."""

    id: str
    text: Words
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """A text of the shop's with variables; with a `place` of 1 to 9 it is a prepared answer. With `has_pin`
    the shop's pin on the map goes along, unless it has a `point` of its own."""

    id: str
    rev: int
    place: int | None
    title: Words
    text: Words
    point: PlaceView | None
    has_pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEntry:
    """A template as somebody enters it."""

    title: str
    text: str
    place: int | None = None
    point: PlaceView | None = None
    has_pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingView:
    """How sending goes: how many wait, since when the oldest, how many are in doubt."""

    queued: int
    oldest_at: datetime | None
    doubts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    """How somebody can be written to; `longest` in characters. Files go along (`can_media`), or a link to
    them does (`can_link`)."""

    channel: str
    address: Dialable
    can_media: bool
    longest: int
    can_link: bool = False
    can_reply: bool = True
    falls_to: str = ""
    """By what the provider sends on what does not arrive."""
    replies_to: str = ""
    """Where answers go that do not come into the thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEntry:
    """A message to be sent: to a client (by the best channel, or the named one), into a thread, or to an
    address on a channel. `purpose` decides what consent, hours and pace ask of it (hub.modules.consents):
    `dialogue` a person answers. `cause` names what it is sent for, and is sent for once. After `not_after`
    nobody wants it any more. `answers` is the id of ours that it replies to."""

    text: str
    client_id: str | None = None
    conversation_id: str | None = None
    channel: str | None = None
    address: str | None = None
    priority: Priority = "notice"
    purpose: SendPurpose = "dialogue"
    cause: str = ""
    author: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[str, ...] = ()
    place: PlaceView | None = None
    answers: str | None = None
    subject: str = ""
    """Of a letter; other channels leave it out."""
    unsubscribe_url: str = ""
    """Of an advertisement, for the headers of a letter; in the text it stands by itself."""
    agree_url: str = ""
    """The link in the text by which they agree. It goes to their own address only, and only what leaves has
    it: whoever of ours reads the message could else agree in their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """Which threads."""

    shops: Shops = None
    state: ThreadState | None = None
    client_id: str | None = None
    owner_id: str | None = None
    is_waiting: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages."""

    shops: Shops = None
    conversation_id: str | None = None
    client_id: str | None = None
    channel: str | None = None
    state: MessageState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """A stretch of the list."""

    items: tuple[ConversationView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A stretch of the list."""

    items: tuple[MessageView, ...]
    next: str | None
