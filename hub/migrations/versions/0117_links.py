"""Short links for clients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0117_links"
down_revision = "0114_carried_by"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "links_links",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("object", sa.String(128), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.Column("revoked_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_links_links"),
    )
    op.create_index("uq_links_links_token_hash", "links_links", ["token_hash"], unique=True)
    op.create_index("ix_links_links_object", "links_links", ["kind", "object"])
    op.create_index("ix_links_links_expires_at", "links_links", ["expires_at"])
    has = sa.text("client_id IS NOT NULL")
    op.create_index(
        "ix_links_links_client_id", "links_links", ["client_id"], sqlite_where=has, postgresql_where=has
    )
