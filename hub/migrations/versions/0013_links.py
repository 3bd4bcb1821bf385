"""Which process holds which link to the outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0013_links"
down_revision = "0021_shop_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of leases."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "link_leases",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("fence", number, nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("held_until", sa.Float(53), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_link_leases"),
    )
