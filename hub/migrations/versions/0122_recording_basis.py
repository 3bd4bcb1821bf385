"""On what ground calls are recorded: notices, consents, stops; and stretches that are left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0122_recording_basis"
down_revision = "0120_mailings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings_bases",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("notice", sa.String(8), nullable=False, server_default="none"),
        sa.Column("consent", sa.String(8)),
        sa.Column("noted_at", UtcDateTime()),
        sa.Column("noted_by", sa.String(80)),
        sa.Column("noted_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("stop_rule", sa.String(16)),
        sa.Column("stop_erases", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("stop_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("stop_state", sa.String(8)),
        sa.Column("stop_wanted_at", UtcDateTime()),
        sa.Column("stop_done_at", UtcDateTime()),
        sa.Column("stop_by", sa.String(80)),
        sa.Column("stop_name", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("call_id", name="pk_recordings_bases"),
    )
    stopping = sa.text("stop_state = 'wanted'")
    op.create_index(
        "ix_recordings_bases_stopping", "recordings_bases", ["call_id"], sqlite_where=stopping,
        postgresql_where=stopping,
    )  # fmt: skip
    op.create_index("ix_recordings_bases_notice", "recordings_bases", ["notice", "call_id"])
    op.create_table(
        "recordings_pauses",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("from_at", UtcDateTime()),
        sa.Column("to_at", UtcDateTime()),
        sa.Column("broken_at", UtcDateTime()),
        sa.Column("ended_by", sa.String(16), nullable=False, server_default=""),
        sa.Column("ended_name", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_pauses"),
    )
    op.create_index("ix_recordings_pauses_call_id", "recordings_pauses", ["call_id", "wanted_at"])
    is_open = sa.text("state IN ('wanted', 'paused', 'resuming')")
    op.create_index(
        "ix_recordings_pauses_open", "recordings_pauses", ["id"], sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
