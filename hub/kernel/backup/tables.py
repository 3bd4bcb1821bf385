"""What the database itself knows of backups: the canary, the runs, what ended for good, the quarantine."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from hub.kernel.storage.orm import Base, UtcDateTime

backup_canary = Table(
    "backup_canary",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("put_at", UtcDateTime, nullable=False),
)
"""One row, written just before a backup is taken: a copy that holds it is of that moment or later."""

backup_runs = Table(
    "backup_runs",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("path", Text, nullable=False, server_default=""),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("is_encrypted", Boolean, nullable=False),
    Column("files", Integer, nullable=False, server_default="0"),
    Column("seconds", Integer, nullable=False, server_default="0"),
    Column("rehearsal", String(16), nullable=False, server_default=""),
    Column("rehearsed_at", UtcDateTime),
    Column("trouble", Text, nullable=False, server_default=""),
    Index("ix_backup_runs_started_at", "started_at"),
)

backup_tombstones = Table(
    "backup_tombstones",
    Base.metadata,
    Column("kind", String(64), primary_key=True),
    Column("ref", String(128), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

backup_quarantine = Table(
    "backup_quarantine",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    Column("released_by", String(80)),
)
