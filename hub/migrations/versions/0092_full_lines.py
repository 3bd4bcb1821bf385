"""How many calls outside lines carry, and when they were full."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0092_full_lines"
down_revision = "0092_wishes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "calls_trunks",
        sa.Column("pbx", sa.String(40), nullable=False),
        sa.Column("endpoint", sa.String(200), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "endpoint", name="pk_calls_trunks"),
    )
    op.create_table(
        "calls_full",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("trunk", sa.String(100), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("is_all", sa.Boolean(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calls_full"),
    )
    op.create_index("ix_calls_full_began_at", "calls_full", ["began_at"])
    op.create_index(
        "ix_calls_full_open",
        "calls_full",
        ["id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
