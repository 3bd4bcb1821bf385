"""What a person put away from the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0005_desk"
down_revision = "0004_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of dismissals."""
    op.create_table(
        "desk_dismissals",
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("dismissed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "call_id", name="pk_desk_dismissals"),
    )
    op.create_index("ix_desk_dismissals_dismissed_at", "desk_dismissals", ["dismissed_at"])
