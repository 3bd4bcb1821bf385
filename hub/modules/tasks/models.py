"""Tables of tasks; private to the module. Calls and clients are named by their ids, without foreign keys:
a merged call disappears."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.tasks import TaskKind, TaskReason, TaskState
from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.tasks.rules import MissKind, TryOutcome

_IS_OPEN = text("state = 'open'")


class Task(Base):
    """Something to do. `subject` is what there is one open call-back for, in all shops together:
    `client:<id>` or `number:<key>`; `call_id` the newest missed call. `claimed_by` has it in hand until
    `claimed_until`. `shop_id` is where it began; further shops that wait for the same client are shares."""

    __tablename__ = "tasks_tasks"
    __table_args__ = (
        Index(
            "uq_tasks_tasks_subject", "subject", unique=True,
            sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN,
        ),
        Index("ix_tasks_tasks_open", "due_at", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_tasks_tasks_client_id", "client_id", "id"),
        Index("ix_tasks_tasks_number_key", "number_key", "id"),
        Index("ix_tasks_tasks_closed_at", "closed_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[TaskKind] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[TaskState] = mapped_column(String(16))
    reason: Mapped[TaskReason | None] = mapped_column(String(16))
    subject: Mapped[str | None] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(26))
    number: Mapped[str | None] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    line: Mapped[str | None] = mapped_column(Text)
    call_id: Mapped[str | None] = mapped_column(String(128))
    owner_id: Mapped[str | None] = mapped_column(String(32))
    created_by: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalate_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    claimed_name: Mapped[str] = mapped_column(Text, server_default="")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_call_id: Mapped[str | None] = mapped_column(String(128))


class Share(Base):
    """A further shop that waits for the same client: it sees the task by what happened to itself. `title`
    and `note` are what was written there, `number` what it was to be called by; `is_made` by hand, else by
    its missed calls."""

    __tablename__ = "tasks_shares"
    __table_args__ = (Index("ix_tasks_shares_shop_id", "shop_id", "task_id"),)

    task_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(Text, server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    number: Mapped[str | None] = mapped_column(Text)
    is_made: Mapped[bool] = mapped_column(server_default=false())
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Miss(Base):
    """A call that nobody of ours took. Without `task_id`: a single short one, a withheld number, one that
    cannot be called. `settled_by`: the later call (or word) that made it good."""

    __tablename__ = "tasks_misses"
    __table_args__ = (
        Index("ix_tasks_misses_task_id", "task_id"),
        Index("ix_tasks_misses_number_key", "number_key", "started_at"),
        Index("ix_tasks_misses_shop_id", "shop_id", "started_at"),
        Index("ix_tasks_misses_settled_by", "settled_by"),
        {"info": {"is_audited": False}},
    )

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    task_id: Mapped[str | None] = mapped_column(String(26))
    kind: Mapped[MissKind] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(Text)
    number_key: Mapped[str | None] = mapped_column(Text)
    line: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(128))


class Try(Base):
    """Somebody of a shop tried to reach the one who rang; by a call of the PBX where `call_id` names it."""

    __tablename__ = "tasks_tries"
    __table_args__ = (
        Index("uq_tasks_tries_call_id", "call_id", "task_id", unique=True),
        Index("ix_tasks_tries_task_id", "task_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(26))
    shop_id: Mapped[str] = mapped_column(String(40), server_default="")
    call_id: Mapped[str | None] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[TryOutcome] = mapped_column(String(16))
    talk_seconds: Mapped[float]
    who: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


class Wish(Base):
    """Somebody who waited in a queue asked by a key to be called back: when, at which place, waiting since.
    Without `task_id`: the number cannot be called."""

    __tablename__ = "tasks_wishes"
    __table_args__ = (Index("ix_tasks_wishes_task_id", "task_id"), {"info": {"is_audited": False}})

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    task_id: Mapped[str | None] = mapped_column(String(26))
    queue: Mapped[str] = mapped_column(Text)
    place: Mapped[int | None]
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Watch(Base):
    """A number whose calls say something of an open task (or of a single short call): what the hot path
    looks calls up in. As few rows as there are people to call back."""

    __tablename__ = "tasks_watches"
    __table_args__ = (
        Index("ix_tasks_watches_why", "why"),
        {"info": {"is_audited": False}},
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    why: Mapped[str] = mapped_column(String(128), primary_key=True)


class MobileCall(Base):
    """A call on a private mobile, logged by hand."""

    __tablename__ = "tasks_mobile_calls"
    __table_args__ = (
        Index("ix_tasks_mobile_calls_number_key", "number_key", "at"),
        Index("ix_tasks_mobile_calls_client_id", "client_id", "at"),
        Index("ix_tasks_mobile_calls_shop_id", "shop_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    number: Mapped[str] = mapped_column(Text)
    number_key: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(26))
    is_reached: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str | None] = mapped_column(String(80))
    author_name: Mapped[str] = mapped_column(Text)
