"""The bot has signed buttons and links that tie a chat to a client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0112_bot"
down_revision = "0116_consents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both are looked up by what a messenger brings back."""
    op.create_table(
        "bot_buttons",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(64), nullable=False),
        sa.Column("menu", sa.String(80), nullable=False),
        sa.Column("argument", sa.Text, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.Column("used_by", sa.String(26)),
        sa.PrimaryKeyConstraint("id", name="pk_bot_buttons"),
    )
    op.create_index("ix_bot_buttons_expires_at", "bot_buttons", ["expires_at"])
    op.create_table(
        "bot_starts",
        sa.Column("word_hash", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("number", sa.Text),
        sa.Column("number_key", sa.Text),
        sa.Column("call_id", sa.String(128)),
        sa.Column("menu", sa.String(80), nullable=False),
        sa.Column("argument", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.Column("used_chat", sa.String(64)),
        sa.Column("conversation_id", sa.String(26)),
        sa.PrimaryKeyConstraint("word_hash", name="pk_bot_starts"),
    )
    for column in ("cause", "client_id", "number_key", "call_id", "expires_at"):
        op.create_index(f"ix_bot_starts_{column}", "bot_starts", [column])
