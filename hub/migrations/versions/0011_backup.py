"""The canary, the runs, what ended for good, and the quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0011_backup"
down_revision = "0010_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "backup_canary",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("put_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backup_canary"),
    )
    op.create_table(
        "backup_runs",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("path", sa.Text(), nullable=False, server_default=""),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("is_encrypted", sa.Boolean(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("seconds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("rehearsal", sa.String(16), nullable=False, server_default=""),
        sa.Column("rehearsed_at", UtcDateTime()),
        sa.Column("trouble", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_backup_runs"),
    )
    op.create_index("ix_backup_runs_started_at", "backup_runs", ["started_at"])
    op.create_table(
        "backup_tombstones",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(128), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "ref", name="pk_backup_tombstones"),
    )
    op.create_table(
        "backup_quarantine",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime()),
        sa.Column("released_by", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name="pk_backup_quarantine"),
    )
