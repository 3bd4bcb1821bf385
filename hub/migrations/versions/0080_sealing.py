"""Secrets that must be known again are sealed under a key that is not in the database: by the next start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0080_sealing"
down_revision = "0051_merging"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Room for the sealed form; which key counts. What lies there in the clear is sealed when the database
    is opened next (hub.kernel.sealing.upkeep)."""
    if op.get_bind().dialect.name == "sqlite":
        # what is written over or dropped must not stay in the file's unused places
        op.get_bind().exec_driver_sql("PRAGMA secure_delete = ON").close()
    op.create_table(
        "sealing_key",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sealing_key"),
    )
    with op.batch_alter_table("access_factors") as table:
        table.alter_column(
            "secret", existing_type=sa.String(64), type_=sa.String(200), existing_nullable=False
        )
    # deliveries name this table, so it is not copied: new columns, and the old ones go
    empty = sa.Column("sealed_secret", sa.String(200), nullable=False, server_default="")
    op.add_column("webhooks_endpoints", empty)
    op.add_column("webhooks_endpoints", sa.Column("sealed_old_secret", sa.String(200)))
    op.execute("UPDATE webhooks_endpoints SET sealed_secret = secret, sealed_old_secret = old_secret")
    op.drop_column("webhooks_endpoints", "secret")
    op.drop_column("webhooks_endpoints", "old_secret")
