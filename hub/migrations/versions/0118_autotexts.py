"""Automatic messages: rules, and what was decided of each occurrence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0118_autotexts"
down_revision = "0122_recording_basis"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autotexts_rules",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("recipe", sa.String(40), nullable=False),
        sa.Column("trigger", sa.String(80), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("fallback_seconds", sa.Integer(), nullable=False),
        sa.Column("delay_seconds", sa.Integer(), nullable=False),
        sa.Column("stale_minutes", sa.Integer(), nullable=False),
        sa.Column("pause_hours", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_autotexts_rules"),
    )
    op.create_index("ix_autotexts_rules_trigger", "autotexts_rules", ["trigger"])
    op.create_table(
        "autotexts_runs",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rule_id", sa.String(26), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("trigger", sa.String(80), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("number_key", sa.Text(), nullable=True),
        sa.Column("call_id", sa.String(128), nullable=True),
        sa.Column("task_id", sa.String(26), nullable=True),
        sa.Column("conversation_id", sa.String(26), nullable=True),
        sa.Column("brought", sa.JSON(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("message_id", sa.String(26), nullable=True),
        sa.Column("fallback_at", UtcDateTime(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_autotexts_runs"),
    )
    _indexes()


def _indexes() -> None:
    runs = "autotexts_runs"
    op.create_index("uq_autotexts_runs_cause", runs, ["rule_id", "cause"], unique=True)
    for name, columns, where in (
        ("ix_autotexts_runs_due", ["due_at"], "state = 'waiting'"),
        ("ix_autotexts_runs_fallback", ["fallback_at"], "fallback_at IS NOT NULL"),
    ):
        op.create_index(name, runs, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for name, columns in (
        ("ix_autotexts_runs_rule_id", ["rule_id", "happened_at", "id"]),
        ("ix_autotexts_runs_happened_at", ["happened_at", "id"]),
        ("ix_autotexts_runs_message_id", ["message_id"]),
        ("ix_autotexts_runs_number_key", ["number_key", "decided_at"]),
        ("ix_autotexts_runs_client_id", ["client_id", "decided_at"]),
    ):
        op.create_index(name, runs, columns)
