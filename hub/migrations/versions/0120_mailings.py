"""Mailings, their lists, and what became of everybody on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0120_mailings"
down_revision = "0117_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailings_mailings",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("pace", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime()),
        sa.Column("next_at", UtcDateTime()),
        sa.Column("content", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcDateTime()),
        sa.Column("count_run", sa.String(26)),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_name", sa.Text(), nullable=False),
        sa.Column("submitted_at", UtcDateTime()),
        sa.Column("approved_at", UtcDateTime()),
        sa.Column("approved_by", sa.String(80)),
        sa.Column("approved_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("declined", sa.Text(), nullable=False, server_default=""),
        sa.Column("begun_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("stopped_name", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_mailings_mailings"),
    )
    op.create_index("ix_mailings_mailings_shop_id", "mailings_mailings", ["shop_id", "id"])
    some = sa.text("state IN ('scheduled', 'running')")
    op.create_index(
        "ix_mailings_mailings_open", "mailings_mailings", ["next_at"],
        sqlite_where=some, postgresql_where=some,
    )  # fmt: skip
    _recipients()
    op.create_table(
        "mailings_lists",
        sa.Column("mailing_id", sa.String(26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id", name="pk_mailings_lists"),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings_mailings.id"], ondelete="CASCADE",
            name="fk_mailings_lists_mailing_id_mailings_mailings",
        ),
    )  # fmt: skip


def _recipients() -> None:
    op.create_table(
        "mailings_recipients",
        sa.Column("mailing_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("line", sa.Text(), nullable=False, server_default=""),
        sa.Column("channel", sa.String(32), nullable=False, server_default=""),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False, server_default=""),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("parts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("message_id", sa.String(26)),
        sa.Column("handed_at", UtcDateTime()),
        sa.Column("at", UtcDateTime()),
        sa.Column("replied_at", UtcDateTime()),
        sa.Column("left_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("mailing_id", "position", name="pk_mailings_recipients"),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings_mailings.id"], ondelete="CASCADE",
            name="fk_mailings_recipients_mailing_id_mailings_mailings",
        ),
    )  # fmt: skip
    op.create_index(
        "ix_mailings_recipients_state", "mailings_recipients", ["mailing_id", "state", "position"]
    )
    some = sa.text("message_id IS NOT NULL")
    op.create_index(
        "ix_mailings_recipients_message_id", "mailings_recipients", ["message_id"],
        sqlite_where=some, postgresql_where=some,
    )  # fmt: skip
    went = sa.text("client_id IS NOT NULL AND message_id IS NOT NULL")
    op.create_index(
        "ix_mailings_recipients_client_id", "mailings_recipients", ["client_id", "handed_at"],
        sqlite_where=went, postgresql_where=went,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("mailings_lists")
    op.drop_table("mailings_recipients")
    op.drop_table("mailings_mailings")
