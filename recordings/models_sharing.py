"""Tables of what leaves the house: links by which somebody outside may listen, parts, files that are
downloaded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Share(Base):
    """A link to one recording, or to a part of it, for somebody outside. Only the hash of its secret is
    kept."""

    __tablename__ = "recordings_shares"
    __table_args__ = (Index("ix_recordings_shares_recording_id", "recording_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40))
    clip_id: Mapped[str | None] = mapped_column(String(26))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str | None] = mapped_column(String(80))
    made_name: Mapped[str] = mapped_column(Text)
    second: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened: Mapped[int] = mapped_column(server_default=text("0"))
    last_opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Clip(Base):
    """A part of a recording (seconds from its beginning) as a file of its own: asked for by whom and why,
    confirmed by whom. `key` is its place in the store; empty while it is cut."""

    __tablename__ = "recordings_clips"
    __table_args__ = (Index("ix_recordings_clips_recording_id", "recording_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40))
    begin_seconds: Mapped[float]
    end_seconds: Mapped[float]
    reason: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(200), server_default="")
    size: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sha256: Mapped[str] = mapped_column(String(64), server_default="")
    made_by: Mapped[str | None] = mapped_column(String(80))
    made_name: Mapped[str] = mapped_column(Text)
    second: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Bundle(Base):
    """Many recordings as a ZIP: asked for by whom and why, confirmed by whom, where it lies and until when.
    `key` is its place in the store; empty while it is made."""

    __tablename__ = "recordings_bundles"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    made_by: Mapped[str | None] = mapped_column(String(80))
    second: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    recording_ids: Mapped[list[str]] = mapped_column(JSON)
    key: Mapped[str] = mapped_column(String(200), server_default="")
    size: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
