"""Reviewed recordings, and those of calls that are rare, have an index in the order of the library's list."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0152_reviewed_recordings"
down_revision = "0151_erasure_requests"
branch_labels = None
depends_on = None

_TABLE = "recordings_shelf"
_LIST = ["started_at", "recording_id"]


def upgrade() -> None:
    op.drop_index("ix_recordings_shelf_percent", _TABLE)
    _index(
        "reviewed", [*_LIST, "percent", "seconds", "result", "direction", "shop_id"], "percent IS NOT NULL"
    )
    for column, common in (("result", "answered"), ("direction", "inbound")):
        op.drop_index(f"ix_recordings_shelf_rare_{column}", _TABLE)
        _index(f"rare_{column}", [column, *_LIST, "seconds", "percent"], f"{column} != '{common}'")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        f"ix_recordings_shelf_{name}", _TABLE, columns, sqlite_where=text(where),
        postgresql_where=text(where),
    )  # fmt: skip
