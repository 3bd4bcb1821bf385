"""Outgoing webhooks: endpoints, deliveries, attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0010_webhooks"
down_revision = "0006_jobs"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'pending'")


def upgrade() -> None:
    """Make the tables."""
    _endpoints()
    _deliveries()
    _attempts()


def _endpoints() -> None:
    op.create_table(
        "webhooks_endpoints",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40)),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("old_secret", sa.String(80)),
        sa.Column("old_secret_until", UtcDateTime()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("off_reason", sa.String(16), nullable=False),
        sa.Column("failing_since", UtcDateTime()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(53), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks_endpoints"),
    )


def _deliveries() -> None:
    op.create_table(
        "webhooks_deliveries",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("event_name", sa.String(80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(53), nullable=False),
        sa.Column("claimed_until", sa.Float(53), nullable=False),
        sa.Column("token", sa.String(26)),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime()),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks_deliveries"),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_webhooks_deliveries_endpoint_id"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhooks_endpoints.id"],
            name="fk_webhooks_deliveries_endpoint_id_webhooks_endpoints",
        ),
    )
    op.create_index("ix_webhooks_deliveries_endpoint_id_id", "webhooks_deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_webhooks_deliveries_open",
        "webhooks_deliveries",
        ["endpoint_id", "not_before"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _attempts() -> None:
    op.create_table(
        "webhooks_attempts",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("delivery_id", sa.String(26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks_attempts"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhooks_deliveries.id"],
            name="fk_webhooks_attempts_delivery_id_webhooks_deliveries",
        ),
    )
    op.create_index("ix_webhooks_attempts_delivery_id", "webhooks_attempts", ["delivery_id"])
