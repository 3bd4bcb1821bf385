"""The staff's group is told what cannot wait, and people's messenger accounts are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0113_alerts"
down_revision = "0118_autotexts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A post is found by its cause, its task, and while the group does not show what is wanted."""
    op.create_table(
        "alerts_groups",
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("bound_at", UtcDateTime()),
        sa.Column("bound_by", sa.Text(), nullable=False),
        sa.Column("lost_at", UtcDateTime()),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("is_quiet", sa.Boolean(), nullable=False),
        sa.Column("code_hash", sa.String(64)),
        sa.Column("code_until", UtcDateTime()),
        sa.PrimaryKeyConstraint("shop_id", name="pk_alerts_groups"),
    )
    op.create_table(
        "alerts_accounts",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("bound_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_alerts_accounts"),
    )
    op.create_index(
        "uq_alerts_accounts_account_id", "alerts_accounts", ["channel", "account_id"], unique=True
    )
    _posts()
    op.create_table(
        "alerts_replies",
        sa.Column("press", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("press", name="pk_alerts_replies"),
    )


def _posts() -> None:
    op.create_table(
        "alerts_posts",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("task_id", sa.String(26)),
        sa.Column("client_id", sa.String(26)),
        sa.Column("number", sa.Text()),
        sa.Column("number_key", sa.Text()),
        sa.Column("call_id", sa.String(128)),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("taken_id", sa.String(32)),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text()),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(32)),
        sa.Column("claimed_until", UtcDateTime()),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_posts"),
    )
    op.create_index("uq_alerts_posts_cause", "alerts_posts", ["cause"], unique=True)
    is_due = sa.text("shown < wanted")
    op.create_index(
        "ix_alerts_posts_due", "alerts_posts", ["not_before", "id"], sqlite_where=is_due,
        postgresql_where=is_due,
    )  # fmt: skip
    for name, columns in (
        ("task_id", ["task_id"]), ("shop_id", ["shop_id", "id"]), ("client_id", ["client_id"]),
        ("number_key", ["number_key"]),
    ):  # fmt: skip
        op.create_index(f"ix_alerts_posts_{name}", "alerts_posts", columns)
