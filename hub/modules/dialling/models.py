"""Tables of dialling; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Command(Base):
    """What somebody wants the PBX to do, written before it is sent. `key` is the click's own: a second one
    with it is the same. `number` is E.164 (or an extension), `digits` what the PBX was given. `call_id` is
    the call that came of it, or that it is about; `arguments` JSON of what else it says."""

    __tablename__ = "dialling_commands"
    __table_args__ = (
        Index("uq_dialling_commands_key", "actor", "key", unique=True),
        Index("ix_dialling_commands_actor", "actor", "wanted_at"),
        Index("ix_dialling_commands_shop_id", "shop_id", "id"),
        Index("ix_dialling_commands_call_id", "call_id"),
        Index(
            "ix_dialling_commands_open",
            "id",
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    extension: Mapped[str] = mapped_column(String(64))
    number: Mapped[str | None] = mapped_column(Text)
    digits: Mapped[str | None] = mapped_column(String(64))
    line: Mapped[str | None] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(128))
    arguments: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    said: Mapped[str] = mapped_column(Text)
    is_open: Mapped[bool]
    is_above_cap: Mapped[bool]
    wanted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
