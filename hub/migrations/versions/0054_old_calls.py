"""Calls that came from an older PBX, and the names of their recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054_old_calls"
down_revision = "0053_erasure"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls_imported",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("recordings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls_imported"),
    )
