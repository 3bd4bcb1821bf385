"""That a person's data were erased: the fact and the reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0053_erasure"
down_revision = "0090_finding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_erasures",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("second", sa.String(80)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_erasures"),
    )
    op.create_index("ix_crm_erasures_client_id", "crm_erasures", ["client_id"])
