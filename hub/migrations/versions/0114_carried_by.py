"""By which channel a message came to its receiver, where the provider had several to choose from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0114_carried_by"
down_revision = "0112_bot"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("messaging_messages", "messaging_early"):
        op.add_column(table, sa.Column("carried_by", sa.String(32), nullable=False, server_default=""))
