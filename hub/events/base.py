"""What every event has. A fact is past tense, frozen, and holds plain values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. `name` is its wire name `area.fact`; a payload that changes in any other way than by
    a new optional field gets `version` + 1 and an `upcast` beside the class."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    is_border: ClassVar[bool] = False
    """Whether it speaks of everything: batch handlers are given all that was stored before it first, and
    nothing beside it."""

    @property
    def key(self) -> str:
        """What must stay in order: facts with the same key are handled one after another."""
        raise NotImplementedError(f"{type(self).__name__} declares no key")

    @property
    def also_keys(self) -> tuple[str, ...]:
        """Other keys that it touches: nothing of theirs is handled at the same time."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is known about a fact besides the fact. `source` and `external_id` together are unique:
    the second arrival of the same thing is silence. `cause_id` names the event that led to it."""

    id: str
    occurred_at: datetime
    shop_id: ShopId
    key: str
    actor: str | None
    cause_id: str | None
    source: str
    external_id: str
