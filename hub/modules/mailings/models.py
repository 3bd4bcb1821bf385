"""Tables of mailings; private to the module. Clients and messages are named by their ids alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.mailings.views import RowState, State

_IS_OPEN = sql("state IN ('scheduled', 'running')")
_HAS_MESSAGE = sql("message_id IS NOT NULL")
_WENT = sql("client_id IS NOT NULL AND message_id IS NOT NULL")


class Mailing(Base):
    """A mailing. `content` grows with each change of text or audience, `counted` is the one that the list was
    made of, `count_run` the run that makes it. The next batch leaves at `next_at`, by the clock of the
    database's rows: whichever process is first takes it."""

    __tablename__ = "mailings_mailings"
    __table_args__ = (
        Index("ix_mailings_mailings_shop_id", "shop_id", "id"),
        Index("ix_mailings_mailings_open", "next_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    channels: Mapped[list[str]] = mapped_column(JSON)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[State] = mapped_column(String(16))
    pace: Mapped[int]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content: Mapped[int]
    counted: Mapped[int]
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    count_run: Mapped[str | None] = mapped_column(String(26))
    authors: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_name: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_name: Mapped[str] = mapped_column(Text, server_default="")
    declined: Mapped[str] = mapped_column(Text, server_default="")
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_name: Mapped[str] = mapped_column(Text, server_default="")


class Recipient(Base):
    """A client on the list of a mailing, or a line of a file that is nobody's. Left out with a `reason`;
    `at`: when the message was handed on, or what is known last became of it."""

    __tablename__ = "mailings_recipients"
    __table_args__ = (
        Index("ix_mailings_recipients_state", "mailing_id", "state", "position"),
        Index(
            "ix_mailings_recipients_message_id", "message_id",
            sqlite_where=_HAS_MESSAGE, postgresql_where=_HAS_MESSAGE,
        ),
        Index(
            "ix_mailings_recipients_client_id", "client_id", "handed_at",
            sqlite_where=_WENT, postgresql_where=_WENT,
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    mailing_id: Mapped[str] = mapped_column(
        ForeignKey("mailings_mailings.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str | None] = mapped_column(String(26))
    line: Mapped[str] = mapped_column(Text, server_default="")
    channel: Mapped[str] = mapped_column(String(32), server_default="")
    address: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[RowState] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(32), server_default="")
    error: Mapped[str] = mapped_column(Text, server_default="")
    parts: Mapped[int] = mapped_column(server_default=sql("0"))
    message_id: Mapped[str | None] = mapped_column(String(26))
    handed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class List(Base):
    """The numbers and addresses of a file that somebody uploaded: `[[line, kind, address], …]`."""

    __tablename__ = "mailings_lists"
    __table_args__ = ({"info": {"is_audited": False}},)

    mailing_id: Mapped[str] = mapped_column(
        ForeignKey("mailings_mailings.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Text)
    lines: Mapped[list[list[str]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
