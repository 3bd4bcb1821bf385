"""Idempotency keys with their answers, and a limit of its own for a token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0009_api"
down_revision = "0007_door"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("route", sa.String(120), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.String(500)),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("actor", "route", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_made_at", "idempotency_keys", ["made_at"])
    with op.batch_alter_table("access_tokens") as table:
        table.add_column(sa.Column("per_minute", sa.Integer()))
