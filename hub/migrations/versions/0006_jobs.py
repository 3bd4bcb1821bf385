"""The table of jobs: when each comes next, and every run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0006_jobs"
down_revision = "0022_waiting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty tables: the jobs are entered at the start."""
    op.create_table(
        "job_schedules",
        sa.Column("job", sa.String(80), nullable=False),
        sa.Column("schedule", sa.String(200), nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_job_schedules"),
    )
    op.create_table(
        "job_runs",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("job", sa.String(80), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due", sa.Float(53), nullable=False),
        sa.Column("claimed_until", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("fence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("done", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("total", sa.Integer()),
        sa.Column("progress", sa.Text(), nullable=False, server_default=""),
        sa.Column("result_text", sa.Text(), nullable=False, server_default=""),
        sa.Column("result_link", sa.Text(), nullable=False, server_default=""),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("hint", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
    )
    op.create_index("ix_job_runs_job", "job_runs", ["job", "id"])
    op.create_index("ix_job_runs_finished", "job_runs", ["finished_at"])
    where = sa.text("state IN ('waiting', 'running')")
    op.create_index(
        "ix_job_runs_open",
        "job_runs",
        ["job", "key"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
