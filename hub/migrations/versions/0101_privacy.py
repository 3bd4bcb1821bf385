"""Recordings that must stay and that must go: legal holds, erasures, files that wait for their removal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0101_privacy"
down_revision = "0100_messaging_work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings_legal_holds",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26)),
        sa.Column("call_id", sa.String(128)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(80)),
        sa.Column("made_name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime()),
        sa.Column("lifted_name", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_legal_holds"),
    )
    some = sa.text("lifted_at IS NULL")
    for column in ("recording_id", "call_id"):
        op.create_index(
            f"ix_recordings_legal_holds_{column}", "recordings_legal_holds", [column],
            sqlite_where=some, postgresql_where=some,
        )  # fmt: skip
    op.create_table(
        "recordings_erased",
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("at", UtcDateTime()),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("actor", sa.String(80)),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("second", sa.String(80)),
        sa.PrimaryKeyConstraint("recording_id", name="pk_recordings_erased"),
    )
    waiting = sa.text("at IS NULL")
    op.create_index(
        "ix_recordings_erased_waiting", "recordings_erased", ["recording_id"],
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip
    op.create_table(
        "recordings_leavings",
        sa.Column("key", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_recordings_leavings"),
    )
    alive = sa.text("state != 'erased'")
    op.add_column("recordings_recordings", sa.Column("keep_until", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_recordings_recordings_alive", "recordings_recordings", ["started_at", "id"],
        sqlite_where=alive, postgresql_where=alive,
    )  # fmt: skip
