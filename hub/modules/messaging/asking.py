"""Asks providers that tell nothing by themselves how far messages have come: the young ones often, the old
ones seldom, none for more than three days. What is forgotten here when the hub stops is asked at once
again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from hub.kernel.context import WorkerContext
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.models import Message
from hub.ports.errors import ConnectorError
from hub.ports.messaging import AsksStates, MessageSender, SentMessage

_OLDEST = timedelta(days=3)
_MOST = 10_000
_SLOWER = 10.0
"""A message is asked about again after a tenth of its age."""


async def ask(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without such a provider it does nothing."""
    asker = Asker(ctx)
    if not asker.every:
        return
    while True:
        await asyncio.sleep(min(sender.asks_every for sender in asker.every))
        await asker.step()


@dataclass(slots=True)
class Asker:
    """One process's asker. `now` is a monotonic clock in seconds."""

    ctx: WorkerContext
    _next: dict[str, float] = field(default_factory=dict)
    """When each message is asked about again, by its id."""

    @property
    def every(self) -> list[AsksStates]:
        """The links that are to be asked."""
        return [one for one in self.ctx.deps.senders if isinstance(one, AsksStates) and one.asks_every > 0]

    async def step(self) -> int:
        """Ask about what is due. How many there were."""
        asked = 0
        for sender in self.every:
            if isinstance(sender, MessageSender) and sender.takes_messages:
                accounts = {name: one.account for name, one in sender.channels().items()}
                due = await self._due(accounts, sender.asks_every)
                asked += len(due)
                if due:
                    await self._ask(sender, due)
        return asked

    async def _ask(self, sender: AsksStates, due: list[SentMessage]) -> None:
        try:
            await sender.ask(due)
        except ConnectorError as fault:
            self.ctx.log.warning("states of messages were asked for in vain", said=fault.text)

    async def _due(self, accounts: Mapping[str, str], every: float) -> list[SentMessage]:
        now, clock = self.ctx.deps.clock.now(), time.monotonic()
        query = (
            select(Message.id, Message.channel, Message.account, Message.provider_id, Message.created_at)
            .where(
                is_state("sent"), Message.created_at > now - _OLDEST, Message.provider_id.is_not(None),
                Message.channel.in_(sorted(accounts)),
            )
            .order_by(Message.created_at.desc())
            .limit(_MOST)
        )  # fmt: skip
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            rows = [
                row
                for row in (await uow.session.execute(query)).all()
                if accounts[row.channel] == row.account
            ]
        self._next = {row.id: self._next.get(row.id, 0.0) for row in rows}
        due = [row for row in rows if self._next[row.id] <= clock]
        for row in due:
            self._next[row.id] = clock + max(every, (now - row.created_at).total_seconds() / _SLOWER)
        return [
            SentMessage(channel=row.channel, provider_id=row.provider_id or "", created_at=row.created_at)
            for row in due
        ]
