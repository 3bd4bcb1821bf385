"""Recordings: the sound as rows, its files, who is heard, who listened; the spool; what the PBX named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0091_recordings"
down_revision = "0092_presence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _recordings()
    _files()
    _people()
    op.create_table(
        "calls_recordings",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("place", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "recording_id", name="pk_calls_recordings"),
    )


def _recordings() -> None:
    op.create_table(
        "recordings_recordings",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(128)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("offset_seconds", sa.Double()),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("channel_map", sa.JSON(), nullable=False),
        sa.Column("codec", sa.String(16), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("is_repaired", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_truncated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("loudness", sa.Double()),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_recordings"),
    )
    table, unlinked = "recordings_recordings", sa.text("call_id IS NULL")
    op.create_index("ix_recordings_recordings_started_at", table, ["started_at", "id"])
    op.create_index("ix_recordings_recordings_shop_id", table, ["shop_id", "started_at", "id"])
    op.create_index("ix_recordings_recordings_call_id", table, ["call_id"])
    op.create_index("ix_recordings_recordings_sha256", table, ["sha256"])
    op.create_index(
        "ix_recordings_recordings_unlinked", table, ["taken_at"],
        sqlite_where=unlinked, postgresql_where=unlinked,
    )  # fmt: skip


def _files() -> None:
    op.create_table(
        "recordings_renditions",
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "kind", name="pk_recordings_renditions"),
    )
    op.create_index("ix_recordings_renditions_kind", "recordings_renditions", ["kind", "made_at"])
    op.create_table(
        "recordings_spool",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), server_default="", nullable=False),
        sa.Column("recording_id", sa.String(26)),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", UtcDateTime()),
        sa.Column("claimed_until", UtcDateTime()),
        sa.Column("token", sa.String(26), server_default="", nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_recordings_spool"),
    )
    op.create_index("ix_recordings_spool_state", "recordings_spool", ["state", "seen_at"])
    op.create_table(
        "recordings_named",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("uniqueid", sa.String(128), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_named"),
    )
    op.create_index("ix_recordings_named_name", "recordings_named", ["name"])
    op.create_index("ix_recordings_named_call_id", "recordings_named", ["call_id"])


def _people() -> None:
    op.create_table(
        "recordings_people",
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "who", name="pk_recordings_people"),
    )
    op.create_index("ix_recordings_people_who", "recordings_people", ["who", "recording_id"])
    op.create_table(
        "recordings_listens",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_listens"),
    )
    op.create_index("ix_recordings_listens_recording_id", "recordings_listens", ["recording_id", "last_at"])
    op.create_index("ix_recordings_listens_actor", "recordings_listens", ["actor", "last_at"])
