"""Shops, people, log-ins, tokens and the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0002_access"
down_revision = "0001_kernel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _shops()
    _people()
    _logins()
    _tokens_and_audit()
    _audit_is_append_only()
    _first_shop()


def _shops() -> None:
    op.create_table(
        "access_shops",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_shops"),
    )
    op.create_table(
        "access_hours",
        sa.Column("shop_id", sa.String(length=32), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["access_shops.id"], name="fk_access_hours_shop_id_access_shops"
        ),
        sa.PrimaryKeyConstraint("shop_id", "weekday", "opens", name="pk_access_hours"),
    )
    op.create_table(
        "access_holidays",
        sa.Column("shop_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["access_shops.id"], name="fk_access_holidays_shop_id_access_shops"
        ),
        sa.PrimaryKeyConstraint("shop_id", "day", name="pk_access_holidays"),
    )
    op.create_table(
        "access_options",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_access_options"),
    )
    op.create_table(
        "access_marks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_access_marks"),
    )


def _people() -> None:
    op.create_table(
        "access_people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("shop_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("mobile", sa.String(length=32), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_is_one_time", sa.Boolean(), nullable=False),
        sa.Column("password_set_at", UtcDateTime(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["access_shops.id"], name="fk_access_people_shop_id_access_shops"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_people"),
        sa.UniqueConstraint("login", name="uq_access_people_login"),
    )
    op.create_index("ix_access_people_mobile", "access_people", ["mobile"])
    op.create_index("ix_access_people_shop_id", "access_people", ["shop_id"])
    op.create_table(
        "access_extensions",
        sa.Column("extension", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["access_people.id"], name="fk_access_extensions_person_id_access_people"
        ),
        sa.PrimaryKeyConstraint("extension", name="pk_access_extensions"),
    )
    op.create_index("ix_access_extensions_person_id", "access_extensions", ["person_id"])


def _logins() -> None:
    op.create_table(
        "access_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["access_people.id"], name="fk_access_sessions_person_id_access_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_access_sessions_token_hash"),
    )
    op.create_index("ix_access_sessions_person_id", "access_sessions", ["person_id"])
    op.create_table(
        "access_devices",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["access_people.id"], name="fk_access_devices_person_id_access_people"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_access_devices"),
    )
    op.create_index("ix_access_devices_person_id", "access_devices", ["person_id"])
    op.create_table(
        "access_login_tries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_login_tries"),
    )
    op.create_index("ix_access_login_tries_account_at", "access_login_tries", ["account", "at"])
    op.create_index("ix_access_login_tries_address_at", "access_login_tries", ["address", "at"])
    op.create_index("ix_access_login_tries_at", "access_login_tries", ["at"])


def _tokens_and_audit() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("shop_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("beginning", sa.String(length=16), nullable=False),
        sa.Column("maker_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["access_people.id"], name="fk_access_tokens_maker_id_access_people"
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["access_shops.id"], name="fk_access_tokens_shop_id_access_shops"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_access_tokens_token_hash"),
    )
    op.create_table(
        "access_audit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("shop_id", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_audit"),
    )
    op.create_index("ix_access_audit_actor", "access_audit", ["actor"])
    op.create_index("ix_access_audit_at", "access_audit", ["at"])


def _audit_is_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER access_audit_no_{verb.lower()} BEFORE {verb} ON access_audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION access_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER access_audit_append_only BEFORE UPDATE OR DELETE ON access_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse()"
    )


def _first_shop() -> None:
    """The settings put their country, zone and language in at the start (access.start.prepare). Until
    somebody sets the hours: Monday to Friday 9-19, Saturday 9-16."""
    shops = sa.table(
        "access_shops",
        *map(sa.column, ("id", "name", "country", "timezone", "currency", "language", "rev")),
        sa.column("created_at", UtcDateTime()),
    )
    hours = sa.table("access_hours", *map(sa.column, ("shop_id", "weekday", "opens", "closes")))
    shop = {
        "id": "main", "name": "Pitline", "country": "UA", "timezone": "Europe/Kyiv", "currency": "UAH",
        "language": "uk", "rev": 1, "created_at": datetime.now(UTC),
    }  # fmt: skip
    op.bulk_insert(shops, [shop])
    week = [(day, 9 * 60, 19 * 60) for day in range(5)] + [(5, 9 * 60, 16 * 60)]
    op.bulk_insert(
        hours,
        [
            {"shop_id": "main", "weekday": day, "opens": opens, "closes": closes}
            for day, opens, closes in week
        ],
    )
