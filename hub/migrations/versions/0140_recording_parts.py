"""Parts of recordings as files of their own; days until which a recording is kept, with a reason; legal
holds that a manager proposes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0140_recording_parts"
down_revision = "0146_birthdays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings_clips",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("begin_seconds", sa.Double(), nullable=False),
        sa.Column("end_seconds", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, server_default=""),
        sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("made_by", sa.String(80)),
        sa.Column("made_name", sa.Text(), nullable=False),
        sa.Column("second", sa.String(80)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_clips"),
    )
    op.create_index("ix_recordings_clips_recording_id", "recordings_clips", ["recording_id"])
    op.add_column("recordings_shares", sa.Column("clip_id", sa.String(26)))
    op.add_column("recordings_legal_holds", sa.Column("proposed_at", UtcDateTime()))
    op.add_column(
        "recordings_legal_holds",
        sa.Column("confirmed_name", sa.Text(), nullable=False, server_default=""),
    )
    proposed = sa.text("proposed_at IS NOT NULL AND lifted_at IS NULL")
    op.create_index(
        "ix_recordings_legal_holds_proposed", "recordings_legal_holds", ["proposed_at"],
        sqlite_where=proposed, postgresql_where=proposed,
    )  # fmt: skip
    op.create_table(
        "recordings_keeps",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26)),
        sa.Column("call_id", sa.String(128)),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.String(40), nullable=False, server_default=""),
        sa.Column("external_id", sa.String(128), nullable=False, server_default=""),
        sa.Column("made_by", sa.String(80)),
        sa.Column("made_name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("ended_name", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_keeps"),
    )
    still = sa.text("ended_at IS NULL")
    for name in ("recording_id", "call_id"):
        op.create_index(
            f"ix_recordings_keeps_{name}", "recordings_keeps", [name], sqlite_where=still,
            postgresql_where=still,
        )  # fmt: skip
    op.drop_column("recordings_recordings", "keep_until")  # nobody ever wrote it
