"""Callers in a queue who asked to be called back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0092_wishes"
down_revision = "0093_months_of_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tasks_wishes",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("task_id", sa.String(26), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("waiting_since", UtcDateTime(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_tasks_wishes"),
    )
    op.create_index("ix_tasks_wishes_task_id", "tasks_wishes", ["task_id"])
