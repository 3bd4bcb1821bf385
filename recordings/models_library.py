"""Tables of the library: what recordings are found by, what is written to them, views that people keep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Index, String, Text, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.calls import CallResult, Direction
from hub.kernel.storage.orm import Base, UtcDateTime


class Shelf(Base):
    """Where a recording stands in the library: what its call says of it, how long it is, how it was scored.
    `percent` is that of the newest finished review (None: not reviewed). Whose call it was is asked of
    calls, so that merging and erasing clients reach it without a word."""

    __tablename__ = "recordings_shelf"
    __table_args__ = (
        Index("ix_recordings_shelf_started_at", "started_at", "recording_id"),
        Index("ix_recordings_shelf_call_id", "call_id"),
        Index("ix_recordings_shelf_line", "line", "started_at", "recording_id"),
        Index("ix_recordings_shelf_queue", "queue", "started_at", "recording_id"),
        Index("ix_recordings_shelf_seconds", "seconds"),
        # What few recordings have, in the order of the list; totals are added up without the rows.
        Index(
            "ix_recordings_shelf_reviewed", "started_at", "recording_id", "percent", "seconds", "result",
            "direction", "shop_id",
            sqlite_where=text("percent IS NOT NULL"), postgresql_where=text("percent IS NOT NULL"),
        ),
        Index(
            "ix_recordings_shelf_rare_result", "result", "started_at", "recording_id", "seconds", "percent",
            sqlite_where=text("result != 'answered'"), postgresql_where=text("result != 'answered'"),
        ),
        Index(
            "ix_recordings_shelf_rare_direction", "direction", "started_at", "recording_id", "seconds",
            "percent",
            sqlite_where=text("direction != 'inbound'"), postgresql_where=text("direction != 'inbound'"),
        ),
    )  # fmt: skip

    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    call_id: Mapped[str | None] = mapped_column(String(128))
    shop_id: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float]
    direction: Mapped[Direction | None] = mapped_column(String(16))
    result: Mapped[CallResult | None] = mapped_column(String(16))
    line: Mapped[str | None] = mapped_column(Text)
    queue: Mapped[str | None] = mapped_column(Text)
    percent: Mapped[int | None]


IS_RARE_RESULT: ColumnElement[bool] = Shelf.result != literal_column("'answered'")
IS_RARE_DIRECTION: ColumnElement[bool] = Shelf.direction != literal_column("'inbound'")
"""Said beside a filter for what few calls have, so that its partial index serves."""


class Writing(Base):
    """What is written to a recording or was said in it, for the full text. `kind`: note (of its call), mark,
    review, transcript; `ref` is the row that it comes from. An index of words stands beside the table: FTS5
    by triggers on SQLite, tsvector on PostgreSQL."""

    __tablename__ = "recordings_writings"
    __table_args__ = (
        Index("uq_recordings_writings_ref", "recording_id", "kind", "ref", unique=True),
        Index("ix_recordings_writings_kind", "kind", "ref"),
        {"sqlite_autoincrement": True, "info": {"is_audited": False}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


class Hold(Base):
    """The caller waited on hold: told by the exchange while nobody knows yet whether it is recorded."""

    __tablename__ = "recordings_holds"
    __table_args__ = ({"info": {"is_audited": False}},)

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedView(Base):
    """A filter of the library with a name: of a person, or of everybody in the shop."""

    __tablename__ = "recordings_views"
    __table_args__ = (Index("ix_recordings_views_owner_id", "owner_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    owner_id: Mapped[str] = mapped_column(String(80))
    shop_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    is_shared: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
