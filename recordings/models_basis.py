"""Tables of what a call was recorded on: what the caller was told, what was stopped, what was left out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from recordings.rules_basis import Consent, Notice

StopState = Literal["wanted", "done", "unseen"]
PauseState = Literal["wanted", "paused", "resuming", "over", "failed"]


class CallBasis(Base):
    """What one call was recorded on, also before there is a recording. `stop_rule`: its recording was ended
    for this reason (with `stop_erases` all of it goes, whenever its file comes); `stop_state` is what the PBX
    has seen of that."""

    __tablename__ = "recordings_bases"
    __table_args__ = (
        Index(
            "ix_recordings_bases_stopping", "call_id",
            sqlite_where=text("stop_state = 'wanted'"), postgresql_where=text("stop_state = 'wanted'"),
        ),
        Index("ix_recordings_bases_notice", "notice", "call_id"),
    )  # fmt: skip

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    shop_id: Mapped[str] = mapped_column(String(40))
    notice: Mapped[Notice] = mapped_column(String(8), server_default="none")
    consent: Mapped[Consent | None] = mapped_column(String(8))
    noted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    noted_by: Mapped[str | None] = mapped_column(String(80))
    noted_name: Mapped[str] = mapped_column(Text, server_default="")
    stop_rule: Mapped[str | None] = mapped_column(String(16))
    stop_erases: Mapped[bool] = mapped_column(server_default=false())
    stop_reason: Mapped[str] = mapped_column(Text, server_default="")
    stop_state: Mapped[StopState | None] = mapped_column(String(8))
    stop_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_by: Mapped[str | None] = mapped_column(String(80))
    stop_name: Mapped[str] = mapped_column(Text, server_default="")


class Pause(Base):
    """A stretch of a call that is not in its recording. `from_at` is when the PBX said that it writes
    silence, `to_at` when it was told to go on: between the two there is no sound for sure.
    `until_at`: it goes on by itself then. `ended_by`: a person (`resumed`), the clock (`time`), `call_ended`,
    `stopped`, or another recording of the same call that began meanwhile (`restarted`). `failed`: the PBX was
    not seen to do it."""

    __tablename__ = "recordings_pauses"
    __table_args__ = (
        Index("ix_recordings_pauses_call_id", "call_id", "wanted_at"),
        Index(
            "ix_recordings_pauses_open", "id",
            sqlite_where=text("state IN ('wanted', 'paused', 'resuming')"),
            postgresql_where=text("state IN ('wanted', 'paused', 'resuming')"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    call_id: Mapped[str] = mapped_column(String(128))
    shop_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[PauseState] = mapped_column(String(12))
    actor: Mapped[str | None] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(Text, server_default="")
    wanted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    from_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    broken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(16), server_default="")
    ended_name: Mapped[str] = mapped_column(Text, server_default="")
