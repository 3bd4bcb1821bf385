"""What links to the outside have to know of themselves after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0110_link_marks"
down_revision = "0113_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_marks",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("link_marks")
