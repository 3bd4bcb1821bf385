"""Shops have a point on the map; a prepared answer may take it along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0145_map_pins"
down_revision = "0110_link_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("latitude", "longitude"):
        op.add_column("access_shops", sa.Column(name, sa.Double(), nullable=True))
    op.add_column(
        "messaging_templates", sa.Column("has_pin", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(
        sa.text(  # the bot gave out the point of the first text that had one: that of the first shop
            "UPDATE access_shops SET (latitude, longitude) = (SELECT t.latitude, t.longitude FROM"
            " messaging_templates t WHERE t.latitude IS NOT NULL ORDER BY t.place, t.id LIMIT 1)"
            " WHERE id = 'main' OR (SELECT COUNT(*) FROM access_shops) = 1"
        )
    )
