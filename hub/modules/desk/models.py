"""Tables of the desk; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.desk.rules import Stage


class DismissedCall(Base):
    """What a person put away from the desk: on every tab and device, until the call moves on."""

    __tablename__ = "desk_dismissals"
    __table_args__ = (Index("ix_desk_dismissals_dismissed_at", "dismissed_at"),)

    person_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    stage: Mapped[Stage] = mapped_column(String(8))
    transfers: Mapped[int]
    dismissed_at: Mapped[datetime] = mapped_column(UtcDateTime)
