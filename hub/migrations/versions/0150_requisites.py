"""Shops have requisites, which a prepared answer may carry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0150_requisites"
down_revision = "0136_old_waits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_shops", sa.Column("requisites", sa.Text(), nullable=False, server_default=""))
