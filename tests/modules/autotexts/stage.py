"""A shop that writes by itself: a hub with a wire and a bot; calls are told as a connector tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.clock import FrozenClock
from hub.events.base import Event
from hub.events.calls import CallEnded, CallSnapshot
from hub.kernel.context import UnitOfWork, WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.autotexts.api import TEXT_BACK, AutoTextsApi, RuleView, RunView
from hub.modules.autotexts.worker import step
from hub.ports.intake import Arrival
from hub.ports.messaging import OutgoingMessage
from tests.factories.calls import ended
from tests.factories.relays import settled
from tests.modules.bot.stage import BotWire
from tests.modules.messaging.wire import House

MOBILE = "+380501234567"
LANDLINE = "+380441234599"
NOON = datetime(2026, 1, 5, 10, 31, tzinfo=UTC)
"""12:31 in Kyiv, a Monday."""


@dataclass
class Stage:
    """The hub, its clock, and what was sent."""

    house: House
    wire: BotWire
    clock: FrozenClock
    _told: int = field(default=0)

    @asynccontextmanager
    async def api(self) -> AsyncIterator[AutoTextsApi]:
        async with self.uow() as uow:
            yield AutoTextsApi(uow, self.house.hub.installation.deps)

    @asynccontextmanager
    async def uow(self) -> AsyncIterator[UnitOfWork]:
        async with self.house.uow() as uow:
            yield uow

    async def switch_on(self, recipe: str = TEXT_BACK, **changes: Any) -> RuleView:
        """A ready rule, changed where it says so."""
        async with self.api() as api:
            ready = await api.rules.recipe(recipe)
            return await api.rules.save(replace(ready.entry, is_on=True, **changes))

    async def tell(self, *events: Event, times: int = 1) -> None:
        """Facts arrive, and everything that follows from them is done."""
        for _ in range(times):
            arrivals = []
            for event in events:
                self._told += 1
                at = self.clock.now()
                arrivals.append(
                    Arrival(source="ami", external_id=f"{self._told}", occurred_at=at, event=event)
                )
            await self.house.hub.intake.accept(arrivals)
        await settled(self.house.hub)

    async def rings(self, number: str | None = MOBILE, result: str = "missed", **more: Any) -> CallSnapshot:
        """A call that ends now."""
        call = call_now(self.clock.now(), f"b1:{self._told}.7", number, result, **more)
        await self.tell(CallEnded(step=9, call=call))
        return call

    async def pass_time(self, **by: float) -> None:
        """So long; then the worker looks, and what it wrote leaves."""
        self.clock.advance(timedelta(**by).total_seconds())
        await self.look()

    async def look(self) -> None:
        """The worker's look, and the sender's."""
        await step(
            WorkerContext(
                transactions=self.house.hub.transactions, deps=self.house.hub.installation.deps,
                shop_id=FIRST_SHOP, work=asyncio.Event(), log=get_logger("test"),
            )
        )  # fmt: skip
        await self.house.sent()
        await settled(self.house.hub)

    @property
    def sent(self) -> list[OutgoingMessage]:
        """What went over the wire."""
        return self.wire.ledger

    async def runs(self) -> tuple[RunView, ...]:
        """The oldest first."""
        async with self.api() as api:
            return (await api.log.page(rule_id=None, shops=None, cursor=None, limit=100)).items[::-1]

    async def reasons(self) -> list[str]:
        """Of every run."""
        return [run.reason for run in await self.runs()]


def call_now(now: datetime, call_id: str, number: str | None, result: str, **more: Any) -> CallSnapshot:
    """A call that has ended at this moment."""
    times: Mapping[str, Any] = {
        "started_at": now - timedelta(seconds=30),
        "offered_at": now - timedelta(seconds=28),
        "ended_at": now,
    }
    return replace(ended(call_id, 0.0, result), from_number=number, **{**times, **more})
