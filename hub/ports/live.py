"""Hints for those who watch: *that* something changed, never *what*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.values import ShopId


@dataclass(frozen=True, slots=True)
class Hint:
    """`{"topic", "id", "rev"}` of /live. Sent only after the commit of the row that it names. Heard in
    the shop, and by whoever has one of these `phones` (extensions, mobiles) in any other: a call of one
    shop may ring at a phone of another. One that `may_wait` goes out a moment later, and not at all
    where a newer one says the same by then."""

    topic: str
    id: str
    rev: int
    shop_id: ShopId | None = None
    phones: frozenset[str] = frozenset()
    may_wait: bool = False

    @property
    def subject(self) -> tuple[object, ...]:
        """What it speaks of, to whom: of two with the same subject the newer one says all."""
        return (self.topic, self.id, self.shop_id, self.phones)


class LiveSink(Protocol):
    """Takes hints and passes them to every watcher; never blocks, never fails."""

    def publish(self, hint: Hint) -> None: ...
