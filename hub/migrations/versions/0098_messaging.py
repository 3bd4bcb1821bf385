"""Messaging: threads, addresses, messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0098_messaging"
down_revision = "0091_recordings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _conversations()
    _addresses()
    _messages()
    op.create_table(
        "messaging_early",
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider_id", name="pk_messaging_early"),
    )
    op.create_index("ix_messaging_early_at", "messaging_early", ["at"])
    _files()
    _notes_and_templates()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)


def _conversations() -> None:
    op.create_table(
        "messaging_conversations",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(26)),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.String(32)),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("waiting_since", UtcDateTime),
        sa.Column("snoozed_until", UtcDateTime),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.Column("last_n", sa.BigInteger()),
        sa.Column("answering_by", sa.String(80)),
        sa.Column("answering_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("answering_until", UtcDateTime),
        sa.Column("merged_into", sa.String(26)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_conversations"),
    )
    _index(
        "uq_messaging_conversations_client_id", "messaging_conversations", ["client_id"],
        "client_id IS NOT NULL AND merged_into IS NULL", unique=True,
    )  # fmt: skip
    op.create_index("ix_messaging_conversations_last_at", "messaging_conversations", ["last_at", "id"])
    _index(
        "ix_messaging_conversations_open", "messaging_conversations", ["last_at", "id"],
        "state != 'closed' AND merged_into IS NULL",
    )  # fmt: skip


def _addresses() -> None:
    op.create_table(
        "messaging_addresses",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("conversation_id", sa.String(26), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text()),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16)),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("heard_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_addresses"),
    )
    op.create_index(
        "uq_messaging_addresses_address", "messaging_addresses", ["channel", "address"], unique=True
    )
    op.create_index("ix_messaging_addresses_conversation_id", "messaging_addresses", ["conversation_id"])
    op.create_index("ix_messaging_addresses_number_key", "messaging_addresses", ["number_key"])


def _messages() -> None:
    op.create_table(
        "messaging_messages",
        sa.Column(
            "n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True
        ),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("conversation_id", sa.String(26), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text()),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Column("edited_at", UtcDateTime),
        sa.Column("actor", sa.String(80)),
        sa.Column("author", sa.Text(), nullable=False, server_default=""),
        sa.Column("cause", sa.String(200), nullable=False, server_default=""),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("not_before", UtcDateTime),
        sa.Column("not_after", UtcDateTime),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("finds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claim", sa.String(32)),
        sa.Column("claimed_until", UtcDateTime),
        sa.Column("parts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("answers", sa.Text(), nullable=False, server_default=""),
        sa.Column("more", sa.JSON(), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("n", name="pk_messaging_messages"),
    )
    table = "messaging_messages"
    op.create_index("uq_messaging_messages_id", table, ["id"], unique=True)
    op.create_index("ix_messaging_messages_conversation_id", table, ["conversation_id", "created_at", "n"])
    op.create_index("ix_messaging_messages_created_at", table, ["created_at", "n"])
    told = ["channel", "address", "direction", "provider_id"]
    _index("uq_messaging_messages_provider_id", table, told, "provider_id IS NOT NULL", unique=True)
    _index("ix_messaging_messages_told", table, ["channel", "provider_id"], "provider_id IS NOT NULL")
    _index("uq_messaging_messages_cause", table, ["cause"], "cause != ''", unique=True)
    _index("ix_messaging_messages_queued", table, ["channel", "priority", "n"], "state = 'queued'")
    _index("ix_messaging_messages_doubted", table, ["state", "n"], "state IN ('sending', 'unknown')")


def _files() -> None:
    op.create_table(
        "messaging_files",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("message_id", sa.String(26)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_files"),
    )
    op.create_index("ix_messaging_files_message_id", "messaging_files", ["message_id", "position"])
    _index("ix_messaging_files_waiting", "messaging_files", ["not_before", "id"], "state = 'waiting'")


def _notes_and_templates() -> None:
    op.create_table(
        "messaging_notes",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("conversation_id", sa.String(26), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_notes"),
    )
    op.create_index(
        "ix_messaging_notes_conversation_id", "messaging_notes", ["conversation_id", "created_at"]
    )
    op.create_table(
        "messaging_templates",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_templates"),
    )
    _index("uq_messaging_templates_place", "messaging_templates", ["place"], "place IS NOT NULL", unique=True)


_GONE = "INSERT INTO messaging_search(messaging_search, rowid, text) VALUES ('delete', old.n, old.text);"
_THERE = "INSERT INTO messaging_search(rowid, text) VALUES (new.n, new.text);"
_SQLITE = (
    "CREATE VIRTUAL TABLE messaging_search USING fts5(text, content='messaging_messages', content_rowid='n',"
    " tokenize='unicode61 remove_diacritics 0', prefix='2 3')",
    f"CREATE TRIGGER messaging_search_added AFTER INSERT ON messaging_messages BEGIN {_THERE} END",
    f"CREATE TRIGGER messaging_search_gone AFTER DELETE ON messaging_messages BEGIN {_GONE} END",
    f"CREATE TRIGGER messaging_search_changed AFTER UPDATE OF text ON messaging_messages"
    f" BEGIN {_GONE} {_THERE} END",
)
"""Full text by the database's own means; FTS5 keeps only its index, the text stands in the table."""
_POSTGRES = (
    "CREATE INDEX messaging_search ON messaging_messages USING gin (to_tsvector('simple'::regconfig, text))",
)


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
