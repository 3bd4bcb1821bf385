"""Facts that automatic messages wait for, whatever part of the hub they come of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerValue:
    """What a text may say of it: a variable's name and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFired(Event):
    """Something happened that automatic messages may be written for. `trigger` is declared in a manifest
    (hub.kernel.triggers); `cause` names this one occurrence: however often it is told, it is written for
    once. `shop_id` empty: the shop of the unit of work."""

    name: ClassVar[str] = "trigger.fired"
    trigger: str
    cause: str
    at: datetime
    shop_id: str = ""
    client_id: str | None = None
    number: str | None = None
    call_id: str | None = None
    task_id: str | None = None
    conversation_id: str | None = None
    values: tuple[TriggerValue, ...] = ()

    @property
    def key(self) -> str:
        return f"trigger:{self.client_id or self.number or self.cause}"
