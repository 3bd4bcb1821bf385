"""Facts about tasks: call-backs that missed calls make, and what people are to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from hub.events.base import Event
from hub.values import CallId

TaskKind = Literal["callback", "todo"]
TaskState = Literal["open", "done", "cancelled"]
TaskReason = Literal[
    "answered", "reached", "wrote", "done", "unreached", "not_needed", "not_client", "withdrawn", "merged",
]  # fmt: skip
"""Why a task is not open any more. `answered`: a later call was; `reached`: a person said so; `wrote`: the
client did; `unreached`: given up; `withdrawn`: the call was not missed after all; `merged`: became a part
of the client's other task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCallNoticed(Event):
    """A call ended, was put right or became a part of another, and a task depends on it: it was missed, or
    somebody with an open call-back was in it."""

    name: ClassVar[str] = "task.call_noticed"
    call_id: CallId

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWriterNoticed(Event):
    """Somebody with an open call-back wrote to us: a client, or whoever has that number."""

    name: ClassVar[str] = "task.writer_noticed"
    message_id: str
    client_id: str | None
    number: str | None
    written_at: datetime

    @property
    def key(self) -> str:
        return f"writer:{self.client_id or self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFact(Event):
    """Something happened to a task."""

    task_id: str
    kind: TaskKind
    client_id: str | None
    number: str | None
    call_id: str | None

    @property
    def key(self) -> str:
        return f"task:{self.task_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened(TaskFact):
    """There is something to do; of a call-back, `call_id` is the call that was missed."""

    name: ClassVar[str] = "task.opened"
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskShared(TaskFact):
    """A further shop waits for the same client; `call_id` is the call that was missed there."""

    name: ClassVar[str] = "task.shared"
    with_shop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTaken(TaskFact):
    """Somebody has taken it in hand: `who_id` is a person, or a program's key."""

    name: ClassVar[str] = "task.taken"
    who: str
    who_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEscalated(TaskFact):
    """It is so late that a superior should know."""

    name: ClassVar[str] = "task.escalated"
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosed(TaskFact):
    """It is done or not needed any more."""

    name: ClassVar[str] = "task.closed"
    state: TaskState
    reason: TaskReason
