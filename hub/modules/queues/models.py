"""Tables of queues; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Screen(Base):
    """A television on the wall, which shows the board of one shop to whoever stands before it. Of its key
    only the hash is kept. `shows_callers`: names and numbers of those who wait, too."""

    __tablename__ = "queues_screens"
    __table_args__ = (Index("ix_queues_screens_key_hash", "key_hash", unique=True),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[str] = mapped_column(String(64))
    shows_callers: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
