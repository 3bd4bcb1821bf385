"""Only a fact that has a cause stands in the index of causes: most facts, those from outside, have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_causes"
down_revision = "0011_backup"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew, without the empty ones."""
    op.drop_index("ix_event_outbox_cause_id", table_name="event_outbox")
    op.create_index(
        "ix_event_outbox_cause_id",
        "event_outbox",
        ["cause_id"],
        sqlite_where=sa.text("cause_id IS NOT NULL"),
        postgresql_where=sa.text("cause_id IS NOT NULL"),
    )
