"""Takes back what was written down and has not left yet. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.models import Message
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_settling import Settling

WITHDRAWN = "It was stopped before it left."
_MOST = 500


class WithdrawingService:
    """What somebody does not want to be sent after all."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._book = ThreadBook(uow, deps)
        self._clock = deps.clock
        self._settling = Settling(uow, deps)

    async def withdraw(self, message_ids: Collection[str]) -> frozenset[str]:
        """Those of them that have not left, and now never will; each has failed with this as its reason.
        What is on its way already goes on, and what is in doubt is a person's to decide."""
        ids = sorted(message_ids)
        taken: set[str] = set()
        for begin in range(0, len(ids), _MOST):
            query = select(Message).where(is_state("queued"), Message.id.in_(ids[begin : begin + _MOST]))
            for row in await self._book.messages(query):
                await self._settling.settle(row, "failed", at=self._clock.now(), error=WITHDRAWN)
                taken.add(row.id)
        return frozenset(taken)
