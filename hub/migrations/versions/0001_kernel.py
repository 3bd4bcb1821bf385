"""The outbox and its deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0001_kernel"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_outbox",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("cause_id", sa.String(26)),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(300), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_outbox"),
        sa.UniqueConstraint("source", "external_id", name="uq_event_outbox_source"),
    )
    op.create_index("ix_event_outbox_cause_id", "event_outbox", ["cause_id"])
    op.create_index("ix_event_outbox_key", "event_outbox", ["key"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "event_delivery",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("handler", sa.String(120), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="pending"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("not_before", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("claimed_until", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("token", sa.String(26)),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_event_delivery"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event_outbox.id"], name="fk_event_delivery_event_id_event_outbox"
        ),
    )
    op.create_index("ix_event_delivery_event_id", "event_delivery", ["event_id"])
    for name, columns, state in (
        ("ix_event_delivery_open", ["key", "handler", "id"], "pending"),
        ("ix_event_delivery_turn", ["id"], "pending"),
        ("ix_event_delivery_dead", ["id"], "dead"),
    ):
        where = sa.text(f"state = '{state}'")
        op.create_index(name, "event_delivery", columns, sqlite_where=where, postgresql_where=where)
