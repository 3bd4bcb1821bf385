"""Tasks: call-backs of missed calls, tries, what the hot path looks for, calls on private mobiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0032_tasks"
down_revision = "0031_numbers"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Make the tables of tasks."""
    _tasks()
    _misses()
    _tries()
    op.create_table(
        "tasks_watches",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("why", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("key", "why", name="pk_tasks_watches"),
    )
    op.create_index("ix_tasks_watches_why", "tasks_watches", ["why"])
    _mobile_calls()


def _tasks() -> None:
    op.create_table(
        "tasks_tasks",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("subject", sa.Text()),
        sa.Column("client_id", sa.String(26)),
        sa.Column("number", sa.Text()),
        sa.Column("number_key", sa.Text()),
        sa.Column("line", sa.Text()),
        sa.Column("call_id", sa.String(128)),
        sa.Column("owner_id", sa.String(32)),
        sa.Column("created_by", sa.String(80)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("escalate_at", UtcDateTime),
        sa.Column("escalated_at", UtcDateTime),
        sa.Column("claimed_by", sa.String(80)),
        sa.Column("claimed_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("claimed_until", UtcDateTime),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("closed_by", sa.String(80)),
        sa.Column("closed_call_id", sa.String(128)),
        sa.PrimaryKeyConstraint("id", name="pk_tasks_tasks"),
    )
    op.create_index(
        "uq_tasks_tasks_subject",
        "tasks_tasks",
        ["shop_id", "subject"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
    op.create_index(
        "ix_tasks_tasks_open",
        "tasks_tasks",
        ["due_at", "id"],
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
    op.create_index("ix_tasks_tasks_client_id", "tasks_tasks", ["client_id", "id"])
    op.create_index("ix_tasks_tasks_number_key", "tasks_tasks", ["number_key", "id"])
    op.create_index("ix_tasks_tasks_closed_at", "tasks_tasks", ["closed_at"])


def _misses() -> None:
    op.create_table(
        "tasks_misses",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("task_id", sa.String(26)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("number", sa.Text()),
        sa.Column("number_key", sa.Text()),
        sa.Column("line", sa.Text()),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("settled_by", sa.String(128)),
        sa.PrimaryKeyConstraint("call_id", name="pk_tasks_misses"),
    )
    op.create_index("ix_tasks_misses_task_id", "tasks_misses", ["task_id"])
    op.create_index("ix_tasks_misses_number_key", "tasks_misses", ["number_key", "started_at"])
    op.create_index("ix_tasks_misses_shop_id", "tasks_misses", ["shop_id", "started_at"])
    op.create_index("ix_tasks_misses_settled_by", "tasks_misses", ["settled_by"])


def _tries() -> None:
    op.create_table(
        "tasks_tries",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("task_id", sa.String(26), nullable=False),
        sa.Column("call_id", sa.String(128)),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks_tries"),
    )
    op.create_index("uq_tasks_tries_call_id", "tasks_tries", ["call_id", "task_id"], unique=True)
    op.create_index("ix_tasks_tries_task_id", "tasks_tries", ["task_id", "at"])


def _mobile_calls() -> None:
    op.create_table(
        "tasks_mobile_calls",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("is_reached", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(80)),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks_mobile_calls"),
    )
    op.create_index("ix_tasks_mobile_calls_number_key", "tasks_mobile_calls", ["number_key", "at"])
    op.create_index("ix_tasks_mobile_calls_client_id", "tasks_mobile_calls", ["client_id", "at"])
    op.create_index("ix_tasks_mobile_calls_shop_id", "tasks_mobile_calls", ["shop_id", "id"])
