"""Tables of the bot; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class PayloadButton(Base):
    """A button below an answer: which entry it leads to, in which chat (its hash), good once. `used_by` is
    the message that pressed it."""

    __tablename__ = "bot_buttons"
    __table_args__ = (
        Index("ix_bot_buttons_expires_at", "expires_at"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64))
    menu: Mapped[str] = mapped_column(String(80))
    argument: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_by: Mapped[str | None] = mapped_column(String(26))


class Start(Base):
    """A link that leads into the bot; of its word only the hash is kept. Either it ties the chat to a client
    or number (and the call it is about), or it leads to an entry of the bot. Good for the first chat."""

    __tablename__ = "bot_starts"
    __table_args__ = (
        Index("ix_bot_starts_cause", "cause"),
        Index("ix_bot_starts_client_id", "client_id"),
        Index("ix_bot_starts_number_key", "number_key"),
        Index("ix_bot_starts_call_id", "call_id"),
        Index("ix_bot_starts_expires_at", "expires_at"),
        {"info": {"is_audited": False}},
    )

    word_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    cause: Mapped[str] = mapped_column(String(200))
    client_id: Mapped[str | None] = mapped_column(String(26))
    number: Mapped[str | None] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(128))
    menu: Mapped[str] = mapped_column(String(80))
    argument: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_chat: Mapped[str | None] = mapped_column(String(64))
    conversation_id: Mapped[str | None] = mapped_column(String(26))
