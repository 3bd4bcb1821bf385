"""Clients with their phones, cars with their owners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0003_crm"
down_revision = "0002_access"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    _clients()
    _vehicles()


def _clients() -> None:
    op.create_table(
        "crm_clients",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("is_archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_clients"),
    )
    op.create_table(
        "crm_words",
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("word", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["crm_clients.id"], name="fk_crm_words_client_id_crm_clients", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", "word", name="pk_crm_words"),
    )
    op.create_index("ix_crm_words_word", "crm_words", ["word", "client_id"])
    op.create_table(
        "crm_phones",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("is_main", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("key", _KEY),
        sa.Column("tail", _KEY),
        sa.ForeignKeyConstraint(
            ["client_id"], ["crm_clients.id"], name="fk_crm_phones_client_id_crm_clients", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_crm_phones"),
        sa.UniqueConstraint("client_id", "key", name="uq_crm_phones_client_id"),
    )
    op.create_index("ix_crm_phones_key", "crm_phones", ["key", "client_id"])
    op.create_index("ix_crm_phones_tail", "crm_phones", ["tail", "client_id"])


def _vehicles() -> None:
    op.create_table(
        "crm_vehicles",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("rev", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("plate", sa.Text()),
        sa.Column("plate_key", _KEY),
        sa.Column("vin", _KEY),
        sa.Column("make", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("title_key", _KEY, server_default="", nullable=False),
        sa.Column("year", sa.Integer()),
        sa.Column("mileage_km", sa.Integer()),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("is_archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_vehicles"),
        sa.UniqueConstraint("vin", name="uq_crm_vehicles_vin"),
    )
    op.create_index("ix_crm_vehicles_plate_key", "crm_vehicles", ["plate_key", "id"])
    op.create_index("ix_crm_vehicles_vin", "crm_vehicles", ["vin", "id"])
    op.create_table(
        "crm_ownerships",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False),
        sa.Column("vehicle_id", sa.String(26), nullable=False),
        sa.Column("since", sa.Date()),
        sa.Column("until", sa.Date()),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["crm_clients.id"],
            name="fk_crm_ownerships_client_id_crm_clients",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"],
            ["crm_vehicles.id"],
            name="fk_crm_ownerships_vehicle_id_crm_vehicles",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_crm_ownerships"),
    )
    op.create_index("ix_crm_ownerships_client_id", "crm_ownerships", ["client_id"])
    op.create_index("ix_crm_ownerships_vehicle_id", "crm_ownerships", ["vehicle_id"])
