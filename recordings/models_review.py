"""Tables of the review: marks, score cards with their versions, reviews, what waits for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Mark(Base):
    """A remark at a moment of a recording, in seconds from its beginning."""

    __tablename__ = "recordings_marks"
    __table_args__ = (Index("ix_recordings_marks_recording_id", "recording_id", "at_seconds"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str] = mapped_column(String(26))
    at_seconds: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str | None] = mapped_column(String(80))
    author_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScoreCard(Base):
    """A review form in the owner's words. `version` is the newest of its versions."""

    __tablename__ = "recordings_cards"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    name: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    is_archived: Mapped[bool]


class CardVersion(Base):
    """The questions as they stood: a review keeps those that it was filled with. Never changed."""

    __tablename__ = "recordings_card_versions"

    card_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str | None] = mapped_column(String(80))


class Review(Base):
    """A score card filled for a recording, about one person. `answers` maps a question's key to points (None:
    does not apply); `state` is draft or done; `reply` is the employee's."""

    __tablename__ = "recordings_reviews"
    __table_args__ = (
        Index("ix_recordings_reviews_recording_id", "recording_id"),
        Index("ix_recordings_reviews_person", "person_id", "finished_at"),
        Index("ix_recordings_reviews_finished_at", "finished_at", "id"),
        Index("ix_recordings_reviews_shop_id", "shop_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40))
    card_id: Mapped[str] = mapped_column(String(26))
    card_version: Mapped[int]
    reviewer_id: Mapped[str | None] = mapped_column(String(80))
    reviewer_name: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(String(26))
    person_name: Mapped[str] = mapped_column(Text)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    percent: Mapped[int | None]
    is_failed: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    reply: Mapped[str] = mapped_column(Text, server_default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Pick(Base):
    """A recording that a rule chose for review, with the reasons in words that a program knows; `state` is
    open, done (reviewed) or skipped."""

    __tablename__ = "recordings_picks"
    __table_args__ = (
        Index(
            "ix_recordings_picks_open", "started_at", "recording_id",
            sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
        ),
    )  # fmt: skip

    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    closed_by: Mapped[str | None] = mapped_column(String(80))
