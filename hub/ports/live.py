"""Hints for those who watch: *that* something changed, never *what*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.values import ShopId


@dataclass(frozen=True, slots=True)
class Hint:
    """`{"topic", "id", "rev"}` of /live. Sent only after the commit of the row that it names."""

    topic: str
    id: str
    rev: int
    shop_id: ShopId | None = None


class LiveSink(Protocol):
    """Takes hints and passes them to every watcher; never blocks, never fails."""

    def publish(self, hint: Hint) -> None: ...
