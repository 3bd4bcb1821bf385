"""What came of a call: the shop's words for it, and which call has which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0066_wrap_up"
down_revision = "0054_old_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "wrapup_choices",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrapup_choices"),
    )
    op.create_table(
        "wrapup_marks",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("choice_id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by_id", sa.String(80)),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "choice_id", name="pk_wrapup_marks"),
    )
    op.create_index("ix_wrapup_marks_choice_id", "wrapup_marks", ["choice_id", "at"])
    said = sa.text("kind = 'disposition'")
    op.create_index(
        "uq_wrapup_marks_disposition", "wrapup_marks", ["call_id"], unique=True,
        sqlite_where=said, postgresql_where=said,
    )  # fmt: skip
