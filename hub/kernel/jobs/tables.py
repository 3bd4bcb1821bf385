"""Tables of the jobs: when each comes next, and every run. Times of waits and leases are seconds on the
database's clock (hub.kernel.stream.outbox.moment)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, text

from hub.kernel.storage.orm import Base, UtcDateTime

_OPEN = text("state IN ('waiting', 'running')")

job_schedules = Table(
    "job_schedules",
    Base.metadata,
    Column("job", String(80), primary_key=True),
    Column("schedule", String(200), nullable=False),
    Column("next_at", Float(53), nullable=False),
)

job_runs = Table(
    "job_runs",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("job", String(80), nullable=False),
    Column("key", String(200), nullable=False),
    Column("shop_id", String(40), nullable=False),
    Column("actor", String(80)),
    Column("payload", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("rev", Integer, nullable=False, server_default="1"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", Float(53), nullable=False),
    Column("claimed_until", Float(53), nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("cancel_asked", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer),
    Column("progress", Text, nullable=False, server_default=""),
    Column("result_text", Text, nullable=False, server_default=""),
    Column("result_link", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),
    Index("ix_job_runs_job", "job", "id"),
    Index("ix_job_runs_finished", "finished_at"),
    Index("ix_job_runs_open", "job", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)
