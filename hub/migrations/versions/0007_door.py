"""Invitations, second factors, own roles, further shops of a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0007_door"
down_revision = "0005_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; whoever still has a one-time password is to change it now."""
    op.add_column("access_people", sa.Column("password_change_by", UtcDateTime(), nullable=True))
    op.execute("UPDATE access_people SET password_change_by = password_set_at WHERE password_is_one_time")
    _roles()
    _invitations()
    _factors()


def _roles() -> None:
    op.create_table(
        "access_memberships",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("shop_id", sa.String(32), nullable=False),
        _person_key("access_memberships"),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["access_shops.id"], name="fk_access_memberships_shop_id_access_shops"
        ),
        sa.PrimaryKeyConstraint("person_id", "shop_id", name="pk_access_memberships"),
    )
    op.create_table(
        "access_roles",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("base", sa.String(32), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_roles"),
    )


def _invitations() -> None:
    op.create_table(
        "access_invitations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("maker_id", sa.String(32), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        _person_key("access_invitations"),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["access_people.id"], name="fk_access_invitations_maker_id_access_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_access_invitations_token_hash"),
    )
    op.create_index("ix_access_invitations_person_id", "access_invitations", ["person_id"])


def _factors() -> None:
    op.create_table(
        "access_factors",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        _person_key("access_factors"),
        sa.PrimaryKeyConstraint("person_id", name="pk_access_factors"),
    )
    op.create_table(
        "access_recovery_codes",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _person_key("access_recovery_codes"),
        sa.PrimaryKeyConstraint("person_id", "number", name="pk_access_recovery_codes"),
    )
    op.create_table(
        "access_challenges",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        _person_key("access_challenges"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_access_challenges"),
    )
    op.create_index("ix_access_challenges_person_id", "access_challenges", ["person_id"])


def _person_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id"], ["access_people.id"], name=f"fk_{table}_person_id_access_people"
    )
