"""Whether a handler has work waiting is one look into an index, however long others' queues are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_waiting"
down_revision = "0008_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what is pending by its handler."""
    op.create_index(
        "ix_event_delivery_waiting",
        "event_delivery",
        ["handler"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
