"""Tables of messaging; private to the module. Clients are named by their ids, without foreign keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, Integer, String, Text, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.messages import MessageState
from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.consents.api import SendPurpose
from hub.modules.messaging.views import Direction, ThreadState

_HAS_CLIENT = sql("client_id IS NOT NULL AND merged_into IS NULL")
_IS_QUEUED = sql("state = 'queued'")
_IS_SENDING = sql("state = 'sending'")
_IS_UNKNOWN = sql("state = 'unknown'")
_IS_UNREAD = sql("unread > 0")
_HAS_CAUSE = sql("cause != ''")
_HAS_PROVIDER_ID = sql("provider_id IS NOT NULL")
_IS_OPEN = sql("state != 'closed' AND merged_into IS NULL")


class Conversation(Base):
    """The thread with a client, or with somebody who wrote and is not known. `is_chosen`: a person said
    whose it is. `last_n` is its newest message, `waiting_since` the first that nobody has answered.
    `answering_…`: a colleague types an answer. `merged_into`: it is part of another one now."""

    __tablename__ = "messaging_conversations"
    __table_args__ = (
        Index(
            "uq_messaging_conversations_client_id", "client_id", unique=True,
            sqlite_where=_HAS_CLIENT, postgresql_where=_HAS_CLIENT,
        ),
        Index("ix_messaging_conversations_last_at", "last_at", "id"),
        Index(
            "ix_messaging_conversations_unread", "waiting_since",
            sqlite_where=_IS_UNREAD, postgresql_where=_IS_UNREAD,
        ),
        Index(
            "ix_messaging_conversations_open", "last_at", "id",
            sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(26))
    is_chosen: Mapped[bool]
    state: Mapped[ThreadState] = mapped_column(String(16))
    owner_id: Mapped[str | None] = mapped_column(String(32))
    unread: Mapped[int]
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_n: Mapped[int | None] = mapped_column(BigInteger)
    answering_by: Mapped[str | None] = mapped_column(String(80))
    answering_name: Mapped[str] = mapped_column(Text, server_default="")
    answering_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Address(Base):
    """Where somebody writes from: a number, a chat. `account` is ours that they wrote to last, `number_key`
    the matching key of a phone that is theirs for sure. `heard_at`: their last message."""

    __tablename__ = "messaging_addresses"
    __table_args__ = (
        Index("uq_messaging_addresses_address", "channel", "address", unique=True),
        Index("ix_messaging_addresses_conversation_id", "conversation_id"),
        Index("ix_messaging_addresses_number_key", "number_key"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(26))
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    writer: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(16))
    is_blocked: Mapped[bool]
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Message(Base):
    """A message, theirs or ours. `n` is the order of arrival and the row of the full-text index; in a thread
    they stand by `created_at`, then `n`. `cause`: what it was sent for, once. `claim` is the process that
    sends it. `more` holds what few have: place, buttons, the word of a link, a pressed button.
    `carried_by`: the channel that brought it to them, where it was not this one."""

    __tablename__ = "messaging_messages"
    __table_args__ = (
        Index("uq_messaging_messages_id", "id", unique=True),
        Index("ix_messaging_messages_conversation_id", "conversation_id", "created_at", "n"),
        Index("ix_messaging_messages_created_at", "created_at", "n"),
        Index(
            "uq_messaging_messages_provider_id", "channel", "address", "direction", "provider_id",
            unique=True,
            sqlite_where=_HAS_PROVIDER_ID, postgresql_where=_HAS_PROVIDER_ID,
        ),
        Index(
            "ix_messaging_messages_told", "channel", "provider_id",
            sqlite_where=_HAS_PROVIDER_ID, postgresql_where=_HAS_PROVIDER_ID,
        ),
        Index(
            "uq_messaging_messages_cause", "cause", unique=True,
            sqlite_where=_HAS_CAUSE, postgresql_where=_HAS_CAUSE,
        ),
        Index(
            "ix_messaging_messages_queued", "channel", "priority", "n",
            sqlite_where=_IS_QUEUED, postgresql_where=_IS_QUEUED,
        ),
        Index(
            "ix_messaging_messages_sending", "claimed_until",
            sqlite_where=_IS_SENDING, postgresql_where=_IS_SENDING,
        ),
        Index(
            "ix_messaging_messages_unknown", "not_before", "n",
            sqlite_where=_IS_UNKNOWN, postgresql_where=_IS_UNKNOWN,
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    n: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[str] = mapped_column(String(26))
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    conversation_id: Mapped[str] = mapped_column(String(26))
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    direction: Mapped[Direction] = mapped_column(String(8))
    state: Mapped[MessageState] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(Text, server_default="")
    cause: Mapped[str] = mapped_column(String(200), server_default="")
    purpose: Mapped[SendPurpose] = mapped_column(String(16), server_default="dialogue")
    priority: Mapped[int] = mapped_column(server_default=sql("0"))
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(server_default=sql("0"))
    finds: Mapped[int] = mapped_column(server_default=sql("0"))
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parts: Mapped[int] = mapped_column(server_default=sql("0"))
    carried_by: Mapped[str] = mapped_column(String(32), server_default="")
    answers: Mapped[str] = mapped_column(Text, server_default="")
    more: Mapped[dict[str, Any]] = mapped_column(JSON, server_default=sql("'{}'"))


class Early(Base):
    """What a provider told of a message before we knew the provider's id of it."""

    __tablename__ = "messaging_early"
    __table_args__ = (
        Index("ix_messaging_early_at", "at"),
        {"info": {"is_audited": False}},
    )

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    provider_id: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[MessageState] = mapped_column(String(16))
    error: Mapped[str] = mapped_column(Text)
    is_blocked: Mapped[bool]
    carried_by: Mapped[str] = mapped_column(String(32), server_default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class File(Base):
    """A file of a message, or one that was uploaded and is not sent yet (no `message_id`). Of theirs `ref` is
    the provider's handle, until it is fetched; `path` is where it stands in the area of files."""

    __tablename__ = "messaging_files"
    __table_args__ = (
        Index("ix_messaging_files_message_id", "message_id", "position"),
        Index(
            "ix_messaging_files_waiting", "not_before", "id",
            sqlite_where=sql("state = 'waiting'"), postgresql_where=sql("state = 'waiting'"),
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    message_id: Mapped[str | None] = mapped_column(String(26))
    position: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    ref: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(Text)
    tries: Mapped[int]
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Note(Base):
    """What colleagues tell each other in a thread; the client never sees it."""

    __tablename__ = "messaging_notes"
    __table_args__ = (
        Index("ix_messaging_notes_conversation_id", "conversation_id", "created_at"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(26))
    text: Mapped[str] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Template(Base):
    """A text with variables. One with a `place` of 1 to 9 is a prepared answer, sent by that key during a
    call; it may bring a point on the map: the shop's (`has_pin`), or one of its own."""

    __tablename__ = "messaging_templates"
    __table_args__ = (
        Index(
            "uq_messaging_templates_place", "place", unique=True,
            sqlite_where=sql("place IS NOT NULL"), postgresql_where=sql("place IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    place: Mapped[int | None]
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    has_pin: Mapped[bool] = mapped_column(server_default=false())
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
