"""The table of links; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Link(Base):
    """A link of which only the hash of its token is known here."""

    __tablename__ = "links_links"
    __table_args__ = (
        Index("uq_links_links_token_hash", "token_hash", unique=True),
        Index("ix_links_links_object", "kind", "object"),
        Index("ix_links_links_expires_at", "expires_at"),
        Index(
            "ix_links_links_client_id", "client_id",
            sqlite_where=sql("client_id IS NOT NULL"), postgresql_where=sql("client_id IS NOT NULL"),
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    object: Mapped[str] = mapped_column(String(128))
    client_id: Mapped[str | None] = mapped_column(String(26))
    channel: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(16))
    shop_id: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
