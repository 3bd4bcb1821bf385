"""Tables of what must stay and what must go: legal holds, days until which something is kept, erasures,
files that wait for their removal."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime

Rule = Literal[
    "retention",
    "request",
    "client",
    "restored",
    "stopped",
    "withdrawn",
    "no_consent",
    "no_notice",
    "internal",
]
"""Why a recording is gone: its days were over; somebody asked; its client was erased; it had been erased
before an older backup brought it back; it was never to be kept (rules_basis.NoBasis)."""


class LegalHold(Base):
    """A recording, or every recording of a call, must not go: exactly one of the two ids is set.
    `proposed_at`: a manager asks for it; it holds for some days, until an owner has confirmed it."""

    __tablename__ = "recordings_legal_holds"
    __table_args__ = (
        Index(
            "ix_recordings_legal_holds_recording_id", "recording_id",
            sqlite_where=text("lifted_at IS NULL"), postgresql_where=text("lifted_at IS NULL"),
        ),
        Index(
            "ix_recordings_legal_holds_call_id", "call_id",
            sqlite_where=text("lifted_at IS NULL"), postgresql_where=text("lifted_at IS NULL"),
        ),
        Index(
            "ix_recordings_legal_holds_proposed", "proposed_at",
            sqlite_where=text("proposed_at IS NOT NULL AND lifted_at IS NULL"),
            postgresql_where=text("proposed_at IS NOT NULL AND lifted_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str | None] = mapped_column(String(26))
    call_id: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str | None] = mapped_column(String(80))
    made_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_name: Mapped[str] = mapped_column(Text, server_default="")
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_name: Mapped[str] = mapped_column(Text, server_default="")


class Keep(Base):
    """A recording, or every recording of a call (one of the two ids is set), does not go by age before
    `until`: it belongs to work whose warranty ends then. `source` is the module that says so, with its own
    id; empty: a person."""

    __tablename__ = "recordings_keeps"
    __table_args__ = (
        Index(
            "ix_recordings_keeps_recording_id", "recording_id",
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_recordings_keeps_call_id", "call_id",
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    recording_id: Mapped[str | None] = mapped_column(String(26))
    call_id: Mapped[str | None] = mapped_column(String(128))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(40), server_default="")
    external_id: Mapped[str] = mapped_column(String(128), server_default="")
    made_by: Mapped[str | None] = mapped_column(String(80))
    made_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_name: Mapped[str] = mapped_column(Text, server_default="")


class ErasedRecording(Base):
    """That a recording was erased: when, by which rule, why, by whom, confirmed by whom. Without `at` it is
    to be erased as soon as no legal hold keeps it."""

    __tablename__ = "recordings_erased"
    __table_args__ = (
        Index(
            "ix_recordings_erased_waiting", "recording_id",
            sqlite_where=text("at IS NULL"), postgresql_where=text("at IS NULL"),
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rule: Mapped[Rule] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    actor: Mapped[str | None] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(Text, server_default="")
    second: Mapped[str | None] = mapped_column(String(80))


class Leaving(Base):
    """A file of the store that no row speaks of any more, until it is removed."""

    __tablename__ = "recordings_leavings"
    __table_args__ = ({"info": {"is_audited": False}},)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
