"""Conditions that a partial index stands behind. SQLite uses one only where the query says the same words, so
these are written out and never bound."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal

from hub.events.messages import MessageState
from hub.modules.messaging.models import Conversation, File, Message


def is_state(state: MessageState, of: type[Message] = Message) -> ColumnElement[bool]:
    """Messages in this state."""
    return of.state == literal(state, literal_execute=True)


def has_cause() -> ColumnElement[bool]:
    """Messages that were sent for a named cause."""
    return Message.cause != literal("", literal_execute=True)


def is_not_closed() -> ColumnElement[bool]:
    """Threads that go on or come back."""
    closed = literal("closed", literal_execute=True)
    return (Conversation.state != closed) & Conversation.merged_into.is_(None)


def is_unread() -> ColumnElement[bool]:
    """Threads that somebody is to look at."""
    return Conversation.unread > literal(0, literal_execute=True)


def is_waiting_file() -> ColumnElement[bool]:
    """Files that are to be fetched."""
    return File.state == literal("waiting", literal_execute=True)
