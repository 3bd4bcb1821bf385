"""Clients have a birthday."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0146_birthdays"
down_revision = "0145_map_pins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_clients", sa.Column("birthday", sa.String(10), nullable=False, server_default=""))
