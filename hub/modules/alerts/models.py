"""Tables of alerts; private to the module."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.alerts.rules import PostState

_IS_DUE = sql("shown < wanted")


class Group(Base):
    """What a shop's people are told, and in which group; an empty `group_id`: none is bound. Of the code that
    binds one only the hash is kept."""

    __tablename__ = "alerts_groups"

    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rev: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    group_id: Mapped[str] = mapped_column(Text)
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bound_by: Mapped[str] = mapped_column(Text)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    is_quiet: Mapped[bool]
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Account(Base):
    """A person's own account in a messenger, by which they press buttons in the group."""

    __tablename__ = "alerts_accounts"
    __table_args__ = (Index("uq_alerts_accounts_account_id", "channel", "account_id", unique=True),)

    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(Text)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Post(Base):
    """An alert, one for a cause. `about` is what its text is made of; `wanted` grows with every change of it,
    `shown` follows when the group has been told. One with a `claim` may have gone out."""

    __tablename__ = "alerts_posts"
    __table_args__ = (
        Index("uq_alerts_posts_cause", "cause", unique=True),
        Index("ix_alerts_posts_due", "not_before", "id", sqlite_where=_IS_DUE, postgresql_where=_IS_DUE),
        Index("ix_alerts_posts_task_id", "task_id"),
        Index("ix_alerts_posts_shop_id", "shop_id", "id"),
        Index("ix_alerts_posts_client_id", "client_id"),
        Index("ix_alerts_posts_number_key", "number_key"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[PostState] = mapped_column(String(8))
    about: Mapped[dict[str, Any]] = mapped_column(JSON)
    task_id: Mapped[str | None] = mapped_column(String(26))
    client_id: Mapped[str | None] = mapped_column(String(26))
    number: Mapped[str | None] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(128))
    taken_by: Mapped[str] = mapped_column(Text)
    taken_id: Mapped[str | None] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(16))
    wanted: Mapped[int]
    shown: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    group_id: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reply(Base):
    """What whoever pressed a button is told for a moment; sent once or never."""

    __tablename__ = "alerts_replies"
    __table_args__ = ({"info": {"is_audited": False}},)

    press: Mapped[str] = mapped_column(String(200), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
