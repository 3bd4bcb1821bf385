"""The inbox of providers' requests, and the quarantine of the refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0099_hooks"
down_revision = "0098_messaging"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_open, is_whole = sa.text("state <> 'done'"), sa.text("body IS NOT NULL")
    op.create_table(
        "hook_requests",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("identity", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="waiting"),
        sa.Column("error", sa.Text),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.UniqueConstraint("path", "identity", name="uq_hook_requests_identity"),
        sa.UniqueConstraint("path", "digest", name="uq_hook_requests_digest"),
    )
    op.create_index(
        "ix_hook_requests_open", "hook_requests", ["id"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index(
        "ix_hook_requests_whole", "hook_requests", ["id"], sqlite_where=is_whole, postgresql_where=is_whole
    )
    op.create_table(
        "hook_refused",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.UniqueConstraint("path", "digest", name="uq_hook_refused_digest"),
    )
