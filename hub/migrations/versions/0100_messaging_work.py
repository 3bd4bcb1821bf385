"""What is sent, or in doubt, or unread is found among a million messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0100_messaging_work"
down_revision = "0092_full_lines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each condition has an index of its own: SQLite takes one only for the same words."""
    op.drop_index("ix_messaging_messages_doubted", table_name="messaging_messages")
    for name, table, columns, where in (
        ("ix_messaging_messages_sending", "messaging_messages", ["claimed_until"], "state = 'sending'"),
        ("ix_messaging_messages_unknown", "messaging_messages", ["not_before", "n"], "state = 'unknown'"),
        ("ix_messaging_conversations_unread", "messaging_conversations", ["waiting_since"], "unread > 0"),
    ):
        is_so = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=is_so, postgresql_where=is_so)
