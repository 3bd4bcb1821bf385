"""Files of other programs: uploaded, mapped, taken in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0052_imports"
down_revision = "0080_sealing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports_files",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("encoding", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("head", sa.JSON(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(40)),
        sa.Column("actor", sa.String(80)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports_files"),
    )
    op.create_index("ix_imports_files_shop_id", "imports_files", ["shop_id", "id"])
    op.create_table(
        "imports_chunks",
        sa.Column("file_id", sa.String(26), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _to_files("imports_chunks"),
        sa.PrimaryKeyConstraint("file_id", "place", name="pk_imports_chunks"),
    )
    op.create_table(
        "imports_faults",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("file_id", sa.String(26), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        _to_files("imports_faults"),
        sa.PrimaryKeyConstraint("id", name="pk_imports_faults"),
    )
    op.create_index("ix_imports_faults_file_id", "imports_faults", ["file_id", "line"])
    op.create_table(
        "imports_mappings",
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("head", name="pk_imports_mappings"),
    )


def _to_files(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["file_id"], ["imports_files.id"], name=f"fk_{table}_file_id_imports_files", ondelete="CASCADE"
    )
