"""Calls, who took part, notes, lines, gaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0004_calls"
down_revision = "0003_crm"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _calls()
    _beside_calls()


def _calls() -> None:
    op.create_table(
        "calls_calls",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("from_number", sa.Text()),
        sa.Column("to_number", sa.Text()),
        sa.Column("other_number", sa.Text()),
        sa.Column("other_key", sa.Text()),
        sa.Column("our_key", sa.Text()),
        sa.Column("caller_name", sa.Text()),
        sa.Column("dialled", sa.Text()),
        sa.Column("trunk", sa.Text()),
        sa.Column("line", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", sa.String(16)),
        sa.Column("missed_reason", sa.String(16)),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("queued_at", UtcDateTime()),
        sa.Column("offered_at", UtcDateTime()),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("wait_seconds", sa.Double()),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("hold_seconds", sa.Double(), nullable=False),
        sa.Column("answered_by", sa.Text()),
        sa.Column("last_extension", sa.Text()),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("transfers", sa.Text(), nullable=False),
        sa.Column("legs", sa.Text(), nullable=False),
        sa.Column("parked_space", sa.Text()),
        sa.Column("client_id", sa.String(26)),
        sa.Column("vehicle_id", sa.String(26)),
        sa.Column("is_chosen", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("relation", sa.String(16)),
        sa.Column("candidate_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls_calls"),
    )
    op.create_index("ix_calls_calls_client_id", "calls_calls", ["client_id", "started_at", "id"])
    op.create_index(
        "ix_calls_calls_live",
        "calls_calls",
        ["started_at", "id"],
        sqlite_where=sa.text("state != 'ended'"),
        postgresql_where=sa.text("state != 'ended'"),
    )
    op.create_index("ix_calls_calls_other_key", "calls_calls", ["other_key", "started_at", "id"])
    op.create_index("ix_calls_calls_our_key", "calls_calls", ["our_key", "started_at", "id"])
    op.create_index("ix_calls_calls_started_at", "calls_calls", ["started_at", "id"])


def _beside_calls() -> None:
    op.create_table(
        "calls_people",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "who", name="pk_calls_people"),
    )
    op.create_index("ix_calls_people_who", "calls_people", ["who", "started_at", "call_id"])
    op.create_table(
        "calls_merged",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("into_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls_merged"),
    )
    op.create_index("ix_calls_merged_into_id", "calls_merged", ["into_id"])
    op.create_table(
        "calls_notes",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(80)),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls_notes"),
    )
    op.create_index("ix_calls_notes_call_id", "calls_notes", ["call_id"])
    op.create_table(
        "calls_lines",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls_lines"),
        sa.UniqueConstraint("number", name="uq_calls_lines_number"),
    )
    op.create_table(
        "calls_gaps",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dropped", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls_gaps"),
    )
    op.create_index("ix_calls_gaps_began_at", "calls_gaps", ["began_at"])
