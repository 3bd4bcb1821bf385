"""Orders to the PBX: each is written before it is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0060_dialling"
down_revision = "0050_clients"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("is_open")


def upgrade() -> None:
    """Make the table of dialling."""
    op.create_table(
        "dialling_commands",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("extension", sa.String(64), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("digits", sa.String(64)),
        sa.Column("line", sa.Text()),
        sa.Column("call_id", sa.String(128)),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_above_cap", sa.Boolean(), nullable=False),
        sa.Column("wanted_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("connected_at", UtcDateTime),
        sa.Column("settled_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_dialling_commands"),
    )
    op.create_index("uq_dialling_commands_key", "dialling_commands", ["actor", "key"], unique=True)
    op.create_index("ix_dialling_commands_actor", "dialling_commands", ["actor", "wanted_at"])
    op.create_index("ix_dialling_commands_shop_id", "dialling_commands", ["shop_id", "id"])
    op.create_index("ix_dialling_commands_call_id", "dialling_commands", ["call_id"])
    op.create_index(
        "ix_dialling_commands_open",
        "dialling_commands",
        ["id"],
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
