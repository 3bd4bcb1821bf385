"""The library of recordings: what they are found by, marks, score cards, reviews, links, kept views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0094_library"
down_revision = "0099_hooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _library()
    _words()
    _review()
    _sharing()
    some = sa.text("vehicle_id IS NOT NULL")
    op.create_index(
        "ix_calls_calls_vehicle_id", "calls_calls", ["vehicle_id"], sqlite_where=some, postgresql_where=some
    )
    op.add_column("recordings_listens", sa.Column("played", sa.JSON(), nullable=True))


def _library() -> None:
    op.create_table(
        "recordings_shelf",
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("call_id", sa.String(128)),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("direction", sa.String(16)),
        sa.Column("result", sa.String(16)),
        sa.Column("line", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("percent", sa.Integer()),
        sa.PrimaryKeyConstraint("recording_id", name="pk_recordings_shelf"),
    )
    newest = ["started_at", "recording_id"]
    op.create_index("ix_recordings_shelf_started_at", "recordings_shelf", newest)
    op.create_index("ix_recordings_shelf_call_id", "recordings_shelf", ["call_id"])
    op.create_index("ix_recordings_shelf_line", "recordings_shelf", ["line", *newest])
    op.create_index("ix_recordings_shelf_queue", "recordings_shelf", ["queue", *newest])
    op.create_index("ix_recordings_shelf_seconds", "recordings_shelf", ["seconds"])
    partial = {
        "percent": (["percent", "started_at"], "percent IS NOT NULL"),
        "rare_result": (["result", *newest], "result != 'answered'"),
        "rare_direction": (["direction", *newest], "direction != 'inbound'"),
    }
    for name, (columns, where) in partial.items():
        op.create_index(
            f"ix_recordings_shelf_{name}", "recordings_shelf", columns,
            sqlite_where=sa.text(where), postgresql_where=sa.text(where),
        )  # fmt: skip
    op.create_table(
        "recordings_holds",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("call_id", "began_at", name="pk_recordings_holds"),
    )
    op.create_table(
        "recordings_views",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("owner_id", sa.String(80), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_views"),
    )
    op.create_index("ix_recordings_views_owner_id", "recordings_views", ["owner_id"])


def _words() -> None:
    """The texts, and an index of their words that follows them by itself."""
    op.create_table(
        "recordings_writings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_writings"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_recordings_writings_ref", "recordings_writings", ["recording_id", "kind", "ref"], unique=True
    )
    op.create_index("ix_recordings_writings_kind", "recordings_writings", ["kind", "ref"])
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE INDEX ix_recordings_writings_words ON recordings_writings"
            " USING gin (to_tsvector('simple', text))"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE recordings_words USING fts5("
        "text, content='recordings_writings', content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    put = "INSERT INTO recordings_words(rowid, text) VALUES (new.id, new.text);"
    drop = "INSERT INTO recordings_words(recordings_words, rowid, text) VALUES ('delete', old.id, old.text);"
    for name, when, work in (
        ("put", "AFTER INSERT", put),
        ("drop", "AFTER DELETE", drop),
        ("change", "AFTER UPDATE", drop + put),
    ):
        op.execute(
            f"CREATE TRIGGER recordings_writings_{name} {when} ON recordings_writings BEGIN {work} END"
        )


def _review() -> None:
    op.create_table(
        "recordings_marks",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("at_seconds", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(80)),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_marks"),
    )
    op.create_index("ix_recordings_marks_recording_id", "recordings_marks", ["recording_id", "at_seconds"])
    op.create_table(
        "recordings_cards",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_cards"),
    )
    op.create_table(
        "recordings_card_versions",
        sa.Column("card_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.String(80)),
        sa.PrimaryKeyConstraint("card_id", "number", name="pk_recordings_card_versions"),
    )
    _reviews()
    op.create_table(
        "recordings_picks",
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed_by", sa.String(80)),
        sa.PrimaryKeyConstraint("recording_id", name="pk_recordings_picks"),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_recordings_picks_open", "recordings_picks", ["started_at", "recording_id"],
        sqlite_where=is_open, postgresql_where=is_open,
    )  # fmt: skip


def _reviews() -> None:
    op.create_table(
        "recordings_reviews",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("card_id", sa.String(26), nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.String(80)),
        sa.Column("reviewer_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(26)),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("percent", sa.Integer()),
        sa.Column("is_failed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False, server_default=""),
        sa.Column("replied_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_reviews"),
    )
    op.create_index("ix_recordings_reviews_recording_id", "recordings_reviews", ["recording_id"])
    op.create_index("ix_recordings_reviews_person", "recordings_reviews", ["person_id", "finished_at"])
    op.create_index("ix_recordings_reviews_finished_at", "recordings_reviews", ["finished_at", "id"])
    op.create_index("ix_recordings_reviews_shop_id", "recordings_reviews", ["shop_id", "id"])


def _sharing() -> None:
    op.create_table(
        "recordings_shares",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recording_id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(80)),
        sa.Column("made_name", sa.Text(), nullable=False),
        sa.Column("second", sa.String(80)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("opened", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_opened_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_shares"),
        sa.UniqueConstraint("secret_hash", name="uq_recordings_shares_secret_hash"),
    )
    op.create_index("ix_recordings_shares_recording_id", "recordings_shares", ["recording_id"])
    op.create_table(
        "recordings_bundles",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("shop_id", sa.String(40), nullable=False),
        sa.Column("made_by", sa.String(80)),
        sa.Column("second", sa.String(80)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recording_ids", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, server_default=""),
        sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings_bundles"),
    )
