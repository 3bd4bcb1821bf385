"""Results and directions that few calls have are found among a million by indexes of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_call_filters"
down_revision = "0023_causes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the partial indexes."""
    for column, usual in (("result", "answered"), ("direction", "inbound")):
        rare = sa.text(f"{column} != '{usual}'")
        op.create_index(
            f"ix_calls_calls_rare_{column}", "calls_calls", [column, "started_at", "id"],
            sqlite_where=rare, postgresql_where=rare,
        )  # fmt: skip
