"""The audit log becomes a chain: entries are numbered, each holds the hash of the one before it and its
own, the end is kept apart; the database refuses every change."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0008_audit"
down_revision = "0013_links"
branch_labels = None
depends_on = None

_FIELDS = (
    "seq", "id", "at", "shop_id", "actor", "action", "outcome", "subject", "address", "request_id", "details",
    "previous",
)  # fmt: skip
_REFUSAL = "the audit log is only added to"
_NO_WAY_BACK = "the head of the audit log only goes on"


def upgrade() -> None:
    """Number and link what is there already, in the order in which it was written."""
    _open()
    with op.batch_alter_table("access_audit") as table:
        table.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("previous", sa.String(64), nullable=True))
        table.add_column(sa.Column("hash", sa.String(64), nullable=True))
    op.create_table(
        "access_audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_audit_head"),
    )
    _link()
    with op.batch_alter_table("access_audit") as table:
        table.alter_column("seq", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("previous", existing_type=sa.String(64), nullable=False)
        table.alter_column("hash", existing_type=sa.String(64), nullable=False)
    op.create_index("ix_access_audit_seq", "access_audit", ["seq"], unique=True)
    op.create_index("ix_access_audit_shop_id_seq", "access_audit", ["shop_id", "seq"])
    if op.get_bind().dialect.name == "sqlite":
        _close_sqlite()
    else:
        _close_postgresql()


def _open() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER access_audit_no_{verb}")
    else:
        op.execute("DROP TRIGGER access_audit_append_only ON access_audit")


def _link() -> None:
    connection = op.get_bind()
    names = [name for name in _FIELDS if name not in ("seq", "previous", "at")]
    audit = sa.table(
        "access_audit", *(sa.column(name, sa.String()) for name in (*names, "previous", "hash")),
        sa.column("seq", sa.BigInteger()), sa.column("at", UtcDateTime()),
    )  # fmt: skip
    previous, seq = "0" * 64, 0
    rows = connection.execute(sa.select(audit).order_by(audit.c.id)).mappings().all()
    for seq, row in enumerate(rows, 1):
        entry = {**row, "seq": seq, "previous": previous}
        content = {name: entry[name] for name in _FIELDS}
        content["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
        text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        values = {"seq": seq, "previous": previous, "hash": digest}
        connection.execute(sa.update(audit).where(audit.c.id == row["id"]).values(values))
        previous = digest
    head = sa.table("access_audit_head", *map(sa.column, ("id", "seq", "hash")))
    op.bulk_insert(head, [{"id": 1, "seq": seq, "hash": previous}])


def _close_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER access_audit_no_{verb.lower()} BEFORE {verb} ON access_audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    # INSERT OR REPLACE takes the old row away without asking the trigger of DELETE.
    op.execute(
        "CREATE TRIGGER access_audit_no_replace BEFORE INSERT ON access_audit "
        "WHEN EXISTS (SELECT 1 FROM access_audit WHERE id = NEW.id OR seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    )
    op.execute(
        "CREATE TRIGGER access_audit_head_no_delete BEFORE DELETE ON access_audit_head "
        f"BEGIN SELECT RAISE(ABORT, '{_NO_WAY_BACK}'); END"
    )
    op.execute(
        "CREATE TRIGGER access_audit_head_no_way_back BEFORE UPDATE ON access_audit_head "
        f"WHEN NEW.seq <= OLD.seq OR NEW.id <> OLD.id BEGIN SELECT RAISE(ABORT, '{_NO_WAY_BACK}'); END"
    )


def _close_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER access_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse()"
    )
    op.execute(
        "CREATE FUNCTION access_audit_head_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'UPDATE' AND NEW.seq > OLD.seq AND NEW.id = OLD.id THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{_NO_WAY_BACK}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER access_audit_head_no_way_back BEFORE UPDATE OR DELETE ON access_audit_head "
        "FOR EACH ROW EXECUTE FUNCTION access_audit_head_refuse()"
    )
    op.execute(
        "CREATE TRIGGER access_audit_head_no_truncate BEFORE TRUNCATE ON access_audit_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_audit_head_refuse()"
    )
