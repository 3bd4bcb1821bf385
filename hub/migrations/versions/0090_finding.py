"""Search and lists: suppliers by an index, and an index of the merged ones alone, which no list of the
others takes for a way to all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090_finding"
down_revision = "0070_call_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_crm_clients_relation", "crm_clients", ["relation", "id"])
    op.drop_index("ix_crm_clients_merged_into", table_name="crm_clients")
    op.create_index(
        "ix_crm_clients_merged_into", "crm_clients", ["merged_into"],
        sqlite_where=is_merged, postgresql_where=is_merged,
    )  # fmt: skip
