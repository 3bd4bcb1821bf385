"""Tables of automatic messages; private to the module."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.autotexts.views import RunReason, RunState
from hub.modules.consents.api import Purpose

_IS_WAITING = sql("state = 'waiting'")
_HAS_FALLBACK = sql("fallback_at IS NOT NULL")


class Rule(Base):
    """What happened, for whom, and what is written then. `recipe`: the ready rule that it came of."""

    __tablename__ = "autotexts_rules"
    __table_args__ = (Index("ix_autotexts_rules_trigger", "trigger"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    recipe: Mapped[str] = mapped_column(String(40))
    trigger: Mapped[str] = mapped_column(String(80))
    shop_id: Mapped[str | None] = mapped_column(String(40))
    is_on: Mapped[bool]
    title: Mapped[str] = mapped_column(Text)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    purpose: Mapped[Purpose] = mapped_column(String(16))
    channels: Mapped[list[str]] = mapped_column(JSON)
    fallback_seconds: Mapped[int]
    delay_seconds: Mapped[int]
    stale_minutes: Mapped[int]
    pause_hours: Mapped[int]
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Run(Base):
    """One cause and one rule: waits until `due_at`, then is decided. `step` is the place of its channel in
    the rule's order; at `fallback_at` the next one is tried, unless it was delivered meanwhile."""

    __tablename__ = "autotexts_runs"
    __table_args__ = (
        Index("uq_autotexts_runs_cause", "rule_id", "cause", unique=True),
        Index("ix_autotexts_runs_due", "due_at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
        Index(
            "ix_autotexts_runs_fallback", "fallback_at", sqlite_where=_HAS_FALLBACK,
            postgresql_where=_HAS_FALLBACK,
        ),
        Index("ix_autotexts_runs_rule_id", "rule_id", "happened_at", "id"),
        Index("ix_autotexts_runs_happened_at", "happened_at", "id"),
        Index("ix_autotexts_runs_message_id", "message_id"),
        Index("ix_autotexts_runs_number_key", "number_key", "decided_at"),
        Index("ix_autotexts_runs_client_id", "client_id", "decided_at"),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(26))
    cause: Mapped[str] = mapped_column(String(200))
    trigger: Mapped[str] = mapped_column(String(80))
    shop_id: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(26))
    number: Mapped[str | None] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(128))
    task_id: Mapped[str | None] = mapped_column(String(26))
    conversation_id: Mapped[str | None] = mapped_column(String(26))
    brought: Mapped[dict[str, str]] = mapped_column(JSON)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[RunState] = mapped_column(String(16))
    reason: Mapped[RunReason] = mapped_column(String(24))
    detail: Mapped[str] = mapped_column(Text)
    step: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[str | None] = mapped_column(String(26))
    fallback_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
