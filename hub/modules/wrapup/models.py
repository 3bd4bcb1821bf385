"""Tables of wrap-up; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.wrapup.views import Kind


class Choice(Base):
    """A disposition or a tag in the owner's words. While there is none of a kind, those of `rules` hold."""

    __tablename__ = "wrapup_choices"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[Kind] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    place: Mapped[int]
    is_archived: Mapped[bool]


class Mark(Base):
    """A call has this disposition (one of them at most) or this tag, said by whom and when."""

    __tablename__ = "wrapup_marks"
    __table_args__ = (
        Index(
            "uq_wrapup_marks_disposition", "call_id", unique=True,
            sqlite_where=text("kind = 'disposition'"), postgresql_where=text("kind = 'disposition'"),
        ),
        Index("ix_wrapup_marks_choice_id", "choice_id", "at"),
    )  # fmt: skip

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    choice_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[Kind] = mapped_column(String(16))
    by_id: Mapped[str | None] = mapped_column(String(80))
    by_name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
