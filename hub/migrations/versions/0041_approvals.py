"""What programs ask for and one must not do alone waits for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0041_approvals"
down_revision = "0032_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.create_table(
        "access_approvals",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("operation", sa.String(80), nullable=False),
        sa.Column("right", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.String(80)),
        sa.Column("decided_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_access_approvals"),
    )
    op.create_index("ix_access_approvals_state", "access_approvals", ["state", "until"])
    op.create_index("ix_access_approvals_actor", "access_approvals", ["actor", "fingerprint"])
