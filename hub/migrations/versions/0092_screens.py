"""Screens on the wall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0092_screens"
down_revision = "0094_library"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "queues_screens",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("shows_callers", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queues_screens"),
    )
    op.create_index("ix_queues_screens_key_hash", "queues_screens", ["key_hash"], unique=True)
