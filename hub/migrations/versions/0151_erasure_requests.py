"""Who asked to be forgotten, until when that must be answered, and what was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0151_erasure_requests"
down_revision = "0150_requisites"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "crm_erasure_requests",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("number", _KEY),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(80)),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("decided_by", sa.String(80)),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_erasure_requests"),
    )
    for name, columns in (
        ("state", ["state", "due_at"]),
        ("client_id", ["client_id"]),
        ("number", ["number"]),
    ):
        op.create_index(f"ix_crm_erasure_requests_{name}", "crm_erasure_requests", columns)
