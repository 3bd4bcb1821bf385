"""Clients grown up: messengers, source, segments, black list; roles, mileage and history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0050_clients"
down_revision = "0041_approvals"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_FIRST_READINGS = (
    "INSERT INTO crm_mileages (id, vehicle_id, read_on, km, note, created_at) "
    "SELECT id, id, substr(updated_at, 1, 10), mileage_km, '', updated_at FROM crm_vehicles "
    "WHERE mileage_km IS NOT NULL"
)
_FIRST_READINGS_SERVER = _FIRST_READINGS.replace(
    "substr(updated_at, 1, 10)", "CAST(updated_at AS DATE)"
)  # fmt: skip
_HAS_SOURCE = sa.text("source != ''")


def upgrade() -> None:
    """New columns have what a client without them has; the mileage that is known begins the log."""
    _client_columns()
    _roles()
    _vehicle_tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FIRST_READINGS_SERVER)
    else:
        op.execute(_FIRST_READINGS)


def _client_columns() -> None:
    for column in (
        sa.Column("messengers", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("source", _KEY, server_default="", nullable=False),
        sa.Column("segments", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("blocked_reason", sa.Text()),
    ):
        op.add_column("crm_clients", column)
    op.create_index(
        "ix_crm_clients_source", "crm_clients", ["source", "id"],
        sqlite_where=_HAS_SOURCE, postgresql_where=_HAS_SOURCE,
    )  # fmt: skip
    op.create_table(
        "crm_segments",
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("segment", _KEY, nullable=False),
        _to("crm_segments", "client_id", "crm_clients"),
        sa.PrimaryKeyConstraint("client_id", "segment", name="pk_crm_segments"),
    )
    op.create_index("ix_crm_segments_segment", "crm_segments", ["segment", "client_id"])


def _roles() -> None:
    op.create_table(
        "crm_roles",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("of_client_id", sa.String(26)),
        sa.Column("vehicle_id", sa.String(26)),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _to("crm_roles", "client_id", "crm_clients"),
        _to("crm_roles", "of_client_id", "crm_clients"),
        _to("crm_roles", "vehicle_id", "crm_vehicles"),
        sa.PrimaryKeyConstraint("id", name="pk_crm_roles"),
    )
    for column in ("client_id", "of_client_id", "vehicle_id"):
        op.create_index(f"ix_crm_roles_{column}", "crm_roles", [column])


def _vehicle_tables() -> None:
    op.create_table(
        "crm_mileages",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("vehicle_id", sa.String(26), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("km", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _to("crm_mileages", "vehicle_id", "crm_vehicles"),
        sa.PrimaryKeyConstraint("id", name="pk_crm_mileages"),
    )
    op.create_index("ix_crm_mileages_vehicle_id", "crm_mileages", ["vehicle_id", "read_on", "id"])
    op.create_table(
        "crm_changes",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(26), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_changes"),
    )
    op.create_index("ix_crm_changes_subject_id", "crm_changes", ["subject_id", "id"])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE"
    )
