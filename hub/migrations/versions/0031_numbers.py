"""Whole phone numbers are a right of its own; own roles that are copies of roles which have it keep it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0031_numbers"
down_revision = "0023_call_filters"
branch_labels = None
depends_on = None

_WITHOUT = ("mechanic", "cashier")
_RIGHT = "numbers.view"


def upgrade() -> None:
    """As before for whoever saw numbers; masked for copies of mechanics and cashiers."""
    roles = sa.table("access_roles", sa.column("id"), sa.column("base"), sa.column("rights"))
    connection = op.get_bind()
    for role in connection.execute(sa.select(roles).where(roles.c.base.not_in(_WITHOUT))).all():
        rights = {**json.loads(role.rights), _RIGHT: "shop"}
        changed = sa.update(roles).where(roles.c.id == role.id)
        connection.execute(changed.values(rights=json.dumps(dict(sorted(rights.items())))))
