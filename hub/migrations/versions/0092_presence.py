"""Phones, queues and their members as the PBX tells them; what people say of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0092_presence"
down_revision = "0066_wrap_up"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "presence_phones",
        sa.Column("pbx", sa.String(40), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("extension", sa.String(200), nullable=False),
        sa.Column("condition", sa.String(16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "device", name="pk_presence_phones"),
    )
    op.create_table(
        "presence_members",
        sa.Column("pbx", sa.String(40), nullable=False),
        sa.Column("queue", sa.String(200), nullable=False),
        sa.Column("interface", sa.String(200), nullable=False),
        sa.Column("extension", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("condition", sa.String(16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("pbx", "queue", "interface", name="pk_presence_members"),
    )
    op.create_table(
        "presence_queues",
        sa.Column("pbx", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "name", name="pk_presence_queues"),
    )
    op.create_table(
        "presence_links",
        sa.Column("pbx", sa.String(40), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=True),
        sa.Column("unknown_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("pbx", name="pk_presence_links"),
    )
    op.create_table(
        "presence_chosen",
        sa.Column("person_id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name="pk_presence_chosen"),
    )
    op.create_index("ix_presence_chosen_until", "presence_chosen", ["until"])
