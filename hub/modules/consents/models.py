"""Tables of consents; private to the module. Clients are named by their ids, without foreign keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.consents.views import Act, Form, Topic

_HAS_CAUSE = sql("cause != ''")
_HAS_CLIENT = sql("client_id IS NOT NULL")
_HAS_MARK = sql("mark != ''")


class Entry(Base):
    """A row of the ledger: never changed, but by merging and erasure. `channel` is what it holds for,
    `via` and `address` are where it was said. `mark` is the hash of that address, `marks`
    those of all that were known then: they outlive the address. `cause` is written down once."""

    __tablename__ = "consents_entries"
    __table_args__ = (
        Index("uq_consents_entries_id", "id", unique=True),
        Index(
            "uq_consents_entries_cause", "cause", unique=True,
            sqlite_where=_HAS_CAUSE, postgresql_where=_HAS_CAUSE,
        ),
        Index(
            "ix_consents_entries_client_id", "client_id",
            sqlite_where=_HAS_CLIENT, postgresql_where=_HAS_CLIENT,
        ),
        Index("ix_consents_entries_mark", "mark", sqlite_where=_HAS_MARK, postgresql_where=_HAS_MARK),
    )  # fmt: skip

    n: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(26))
    channel: Mapped[str] = mapped_column(String(32))
    via: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(Text)
    mark: Mapped[str] = mapped_column(String(64))
    marks: Mapped[list[str]] = mapped_column(JSON)
    topic: Mapped[Topic] = mapped_column(String(16))
    act: Mapped[Act] = mapped_column(String(16))
    form: Mapped[Form] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    took: Mapped[list[str]] = mapped_column(JSON)
    cause: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str | None] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Touch(Base):
    """A message of marketing that goes out at `at`: so that nobody gets too many, whatever for."""

    __tablename__ = "consents_touches"
    __table_args__ = (
        Index("ix_consents_touches_client_id", "client_id", "at"),
        Index("ix_consents_touches_mark", "mark", "at"),
        {"info": {"is_audited": False}},
    )

    message_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    client_id: Mapped[str | None] = mapped_column(String(26))
    mark: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
