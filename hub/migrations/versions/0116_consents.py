"""The ledger of consents; what a message is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0116_consents"
down_revision = "0102_twins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents_entries",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("via", sa.String(32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("took", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_consents_entries"),
    )
    op.create_index("uq_consents_entries_id", "consents_entries", ["id"], unique=True)
    for name, columns, where, is_unique in (
        ("uq_consents_entries_cause", ["cause"], "cause != ''", True),
        ("ix_consents_entries_client_id", ["client_id"], "client_id IS NOT NULL", False),
        ("ix_consents_entries_mark", ["mark"], "mark != ''", False),
    ):
        is_so = sa.text(where)
        op.create_index(
            name, "consents_entries", columns, unique=is_unique, sqlite_where=is_so, postgresql_where=is_so
        )
    op.create_table(
        "consents_touches",
        sa.Column("message_id", sa.String(26), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_consents_touches"),
    )
    for column in ("client_id", "mark"):
        op.create_index(f"ix_consents_touches_{column}", "consents_touches", [column, "at"])
    op.add_column(
        "messaging_messages",
        sa.Column("purpose", sa.String(16), nullable=False, server_default="dialogue"),
    )
