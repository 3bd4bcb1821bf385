"""Statistics of calls by the month, of everybody and of each person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0093_months_of_calls"
down_revision = "0092_screens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, which a job fills."""
    op.create_table(
        "calls_months",
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("begins_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "month", "who", name="pk_calls_months"),
    )
    op.create_table(
        "calls_month_tallies",
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("facet", sa.String(16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "shop_id", "who", "month", "facet", "value", "direction", "in_hours", "outcome",
            name="pk_calls_month_tallies",
        ),
    )  # fmt: skip
