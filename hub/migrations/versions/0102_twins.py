"""Clients that may be one in two records, as a job found them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0102_twins"
down_revision = "0101_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_twins",
        sa.Column("one_id", sa.String(26), nullable=False),
        sa.Column("other_id", sa.String(26), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], ["crm_clients.id"], name=f"fk_crm_twins_{column}_crm_clients", ondelete="CASCADE"
            )
            for column in ("one_id", "other_id")
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_crm_twins"),
    )
    op.create_index("ix_crm_twins_place", "crm_twins", ["place"])
    op.create_index("ix_crm_twins_other_id", "crm_twins", ["other_id"])
    op.create_table(
        "crm_twin_looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_twin_looks"),
    )
