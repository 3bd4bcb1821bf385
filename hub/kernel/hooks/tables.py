"""What is kept of providers' requests: the genuine ones, once each, and apart from them the refused."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from hub.kernel.storage.orm import Base, UtcDateTime

WAITING, DONE, FAILED = "waiting", "done", "failed"
_IS_OPEN = text("state <> 'done'")
_IS_WHOLE = text("body IS NOT NULL")

hook_requests = Table(
    "hook_requests",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("path", String(200), nullable=False),
    Column("identity", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("state", String(8), nullable=False, server_default=WAITING),
    Column("error", Text),
    Column("sender", String(64), nullable=False),
    Column("method", String(8), nullable=False),
    Column("query", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary),
    UniqueConstraint("path", "identity", name="uq_hook_requests_identity"),
    UniqueConstraint("path", "digest", name="uq_hook_requests_digest"),
    Index("ix_hook_requests_open", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("ix_hook_requests_whole", "id", sqlite_where=_IS_WHOLE, postgresql_where=_IS_WHOLE),
)
"""Genuine ones. `identity` and `digest` are the set of what was seen, and stay for ever: a provider's proof
bears no time, so a captured request can be sent again after years. The rest of the row is emptied when it
is done and old (`body` NULL)."""

hook_refused = Table(
    "hook_refused",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("path", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sender", String(64), nullable=False),
    Column("method", String(8), nullable=False),
    Column("query", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    UniqueConstraint("path", "digest", name="uq_hook_refused_digest"),
)
"""The quarantine: what could not be believed, bounded in number, size and age."""
