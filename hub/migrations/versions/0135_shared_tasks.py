"""One call-back for a client over all shops: further shops share it; open ones of one client become one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from hub.clock import SystemClock
from hub.kernel.storage.orm import UtcDateTime

revision = "0135_shared_tasks"
down_revision = "0140_recording_parts"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("state = 'open'")
_TASKS = sa.table(
    "tasks_tasks",
    *(sa.column(name) for name in ("id", "shop_id", "subject", "state", "reason", "title", "note", "number")),
    *(sa.column(name, UtcDateTime()) for name in ("created_at", "due_at", "escalate_at", "closed_at")),
    sa.column("created_by"), sa.column("rev"), sa.column("client_id"),
)  # fmt: skip
_SHARES = sa.table(
    "tasks_shares",
    *(sa.column(name) for name in ("task_id", "shop_id", "title", "note", "number", "is_made")),
    sa.column("at", UtcDateTime()),
)  # fmt: skip


def upgrade() -> None:
    """Make the table, give each try its shop, bring open call-backs of the same client together."""
    op.create_table(
        "tasks_shares",
        sa.Column("task_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("number", sa.Text()),
        sa.Column("is_made", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "shop_id", name="pk_tasks_shares"),
    )
    op.create_index("ix_tasks_shares_shop_id", "tasks_shares", ["shop_id", "task_id"])
    with op.batch_alter_table("tasks_tries") as batch:
        batch.add_column(sa.Column("shop_id", sa.String(40), nullable=False, server_default=""))
    op.execute(
        "UPDATE tasks_tries SET shop_id = COALESCE("
        "(SELECT shop_id FROM tasks_tasks WHERE tasks_tasks.id = tasks_tries.task_id), '')"
    )
    op.drop_index("uq_tasks_tasks_subject", table_name="tasks_tasks")
    _join()
    op.create_index(
        "uq_tasks_tasks_subject", "tasks_tasks", ["subject"], unique=True, sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )  # fmt: skip


def _join() -> None:
    """The oldest one stays; the others are a part of it, as when clients are merged."""
    connection = op.get_bind()
    query = sa.select(_TASKS).where(_TASKS.c.state == "open", _TASKS.c.subject.is_not(None))
    first: dict[str, Any] = {}
    for row in connection.execute(query.order_by(_TASKS.c.id)).all():
        into = first.setdefault(row.subject, row)
        if into is not row:
            _take_over(connection, row, into)


def _take_over(connection: sa.Connection, row: Any, into: Any) -> None:
    connection.execute(
        sa.text(  # one call in vain was a try of each of them
            "DELETE FROM tasks_tries WHERE task_id = :old AND call_id IN"
            " (SELECT call_id FROM tasks_tries WHERE task_id = :into AND call_id IS NOT NULL)"
        ),
        {"old": row.id, "into": into.id},
    )
    for name in ("tasks_misses", "tasks_tries", "tasks_wishes", "alerts_posts"):
        table = sa.table(name, sa.column("task_id"))
        connection.execute(table.update().where(table.c.task_id == row.id).values(task_id=into.id))
    connection.execute(sa.text("DELETE FROM tasks_watches WHERE why = :task"), {"task": row.id})
    connection.execute(
        _SHARES.insert().values(
            task_id=into.id, shop_id=row.shop_id, title=row.title, note=row.note, number=row.number,
            is_made=row.created_by is not None, at=row.created_at,
        )
    )  # fmt: skip
    over = {"state": "cancelled", "reason": "merged", "closed_at": SystemClock().now()}
    connection.execute(_TASKS.update().where(_TASKS.c.id == row.id).values(rev=row.rev + 1, **over))
    if row.due_at is not None:
        earlier = sa.or_(_TASKS.c.due_at.is_(None), _TASKS.c.due_at > row.due_at)
        connection.execute(
            _TASKS.update().where(_TASKS.c.id == into.id, earlier).values(
                due_at=row.due_at, escalate_at=row.escalate_at, rev=_TASKS.c.rev + 1
            )
        )  # fmt: skip
