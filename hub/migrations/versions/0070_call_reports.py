"""Statistics of calls: whether a number was new, and the tallies of days that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0070_call_reports"
down_revision = "0052_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column and two tables. What was before stays "not noted": nobody remembers who was known then."""
    op.add_column("calls_calls", sa.Column("is_new", sa.Boolean()))
    op.create_table(
        "calls_days",
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("begins_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "day", name="pk_calls_days"),
    )
    op.create_table(
        "calls_tallies",
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("facet", sa.String(16), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "shop_id", "facet", "day", "value", "direction", "in_hours", "outcome", name="pk_calls_tallies"
        ),
    )
