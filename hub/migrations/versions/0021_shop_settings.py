"""A shop's address; capacity, trunk and call-back number of a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021_shop_settings"
down_revision = "0009_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is there stays as it is."""
    op.add_column("access_shops", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column("calls_lines", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("calls_lines", sa.Column("trunk", sa.String(100), nullable=False, server_default=""))
    op.add_column(
        "calls_lines", sa.Column("callback_number", sa.String(64), nullable=False, server_default="")
    )
