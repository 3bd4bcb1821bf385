"""Duplicates are merged and come apart again; a shared number is learnt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0051_merging"
down_revision = "0060_dialling"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("crm_clients", sa.Column("merged_into", sa.String(26)))
    op.create_index("ix_crm_clients_merged_into", "crm_clients", ["merged_into"])
    op.create_index("ix_crm_clients_name_key", "crm_clients", ["name_key"])
    op.create_table(
        "crm_merges",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("from_id", sa.String(26), nullable=False),
        sa.Column("into_id", sa.String(26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("was_archived", sa.Boolean(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_at", UtcDateTime()),
        sa.Column("undone_by", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name="pk_crm_merges"),
    )
    op.create_index("ix_crm_merges_from_id", "crm_merges", ["from_id"])
    op.create_index("ix_crm_merges_into_id", "crm_merges", ["into_id", "id"])
    op.create_table(
        "crm_apart",
        sa.Column("one_id", sa.String(26), nullable=False),
        sa.Column("other_id", sa.String(26), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to_clients("crm_apart", "one_id"),
        _to_clients("crm_apart", "other_id"),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_crm_apart"),
    )
    op.create_table(
        "crm_learned",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to_clients("crm_learned", "client_id"),
        sa.PrimaryKeyConstraint("key", name="pk_crm_learned"),
    )
    op.create_index("ix_crm_learned_client_id", "crm_learned", ["client_id"])


def _to_clients(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["crm_clients.id"], name=f"fk_{table}_{column}_crm_clients", ondelete="CASCADE"
    )
