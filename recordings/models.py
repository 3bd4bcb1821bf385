"""Tables of recordings; private to the module. A recording has a row of its own, whatever becomes of its
file; no foreign key points at a call, which may come later than its sound or become a part of another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from recordings.views import RecordingState, RenditionKind


class Recording(Base):
    """One piece of sound. `sha256` and `size` are the original's; `channel_map` names who is on which
    channel; `loudness` is the mean level in dBFS (None: silence); `source_name` the name below the spool;
    `fault` says why it is damaged; `peaks` are so many per second and channel, in a
    file of the store."""

    __tablename__ = "recordings_recordings"
    __table_args__ = (
        Index("ix_recordings_recordings_started_at", "started_at", "id"),
        Index("ix_recordings_recordings_shop_id", "shop_id", "started_at", "id"),
        Index("ix_recordings_recordings_call_id", "call_id"),
        Index("ix_recordings_recordings_sha256", "sha256"),
        Index(
            "ix_recordings_recordings_unlinked", "taken_at",
            sqlite_where=text("call_id IS NULL"), postgresql_where=text("call_id IS NULL"),
        ),
        Index(
            "ix_recordings_recordings_alive", "started_at", "id",
            sqlite_where=text("state != 'erased'"), postgresql_where=text("state != 'erased'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    shop_id: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[RecordingState] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offset_seconds: Mapped[float | None]
    duration_seconds: Mapped[float]
    channels: Mapped[int]
    channel_map: Mapped[list[str]] = mapped_column(JSON)
    codec: Mapped[str] = mapped_column(String(16))
    sample_rate: Mapped[int]
    is_repaired: Mapped[bool] = mapped_column(server_default=false())
    is_truncated: Mapped[bool] = mapped_column(server_default=false())
    fault: Mapped[str] = mapped_column(Text, server_default="")
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    loudness: Mapped[float | None]
    source_name: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Rendition(Base):
    """A file of the store that belongs to a recording: `original`, `opus`, `mp3`, or `peaks`."""

    __tablename__ = "recordings_renditions"
    __table_args__ = (Index("ix_recordings_renditions_kind", "kind", "made_at"),)

    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[RenditionKind] = mapped_column(String(16), primary_key=True)
    path: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Participant(Base):
    """Who of ours is to be heard (extension or mobile): whose own recording it is."""

    __tablename__ = "recordings_people"
    __table_args__ = (Index("ix_recordings_people_who", "who", "recording_id"),)

    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)


class SpoolFile(Base):
    """A file of the spool that was dealt with, or could not be: `state` is `taken`, `duplicate`, `refused`
    or `failed` (tried again at `not_before`). `key` is the hash of its path, which may be of any length.
    `claimed_until` and `token`: a process works on it."""

    __tablename__ = "recordings_spool"
    __table_args__ = (
        Index("ix_recordings_spool_state", "state", "seen_at"),
        {"info": {"is_audited": False}},
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(64), server_default="")
    recording_id: Mapped[str | None] = mapped_column(String(26))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token: Mapped[str] = mapped_column(String(26), server_default="")
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NamedFile(Base):
    """The PBX said that it writes a call's sound into this file (`VarSet MIXMONITOR_FILENAME`)."""

    __tablename__ = "recordings_named"
    __table_args__ = (
        Index("ix_recordings_named_name", "name"),
        Index("ix_recordings_named_call_id", "call_id"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    call_id: Mapped[str] = mapped_column(String(128))
    uniqueid: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Listen(Base):
    """Somebody listened: `parts` are the stretches in seconds that were sent, `[[from, to], …]`; a pause of
    a quarter of an hour begins a new one. `played` are those that a player says it played."""

    __tablename__ = "recordings_listens"
    __table_args__ = (
        Index("ix_recordings_listens_recording_id", "recording_id", "last_at"),
        Index("ix_recordings_listens_actor", "actor", "last_at"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    parts: Mapped[list[list[float]]] = mapped_column(JSON)
    played: Mapped[list[list[float]] | None] = mapped_column(JSON)
