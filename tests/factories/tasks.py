"""Tasks for tests: calls are told, considered twice, and what came of it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.app import Hub
from hub.events.calls import CallSnapshot
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, Span
from hub.modules.tasks.api import Holder, MissView, TaskFilter, TasksApi, TaskView
from hub.values import ShopId
from tests.factories.calls import fact, tell

OKSANA = Holder(id="oksana", name="101 Oksana")
IHOR = Holder(id="ihor", name="102 Ihor")


@asynccontextmanager
async def tasks_of(hub: Hub) -> AsyncIterator[TasksApi]:
    """The api in a writing unit of work, committed at the end."""
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        yield TasksApi(uow, hub.installation.deps)


async def open_hours(hub: Hub, opens: int = 9, closes: int = 18) -> None:
    """The shop is open every day."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        spans = [Span(opens=opens * 60, closes=closes * 60)]
        shops = AccessApi(uow, hub.installation.deps).shops
        await shops.set_hours(FIRST_SHOP, dict.fromkeys(range(7), spans), [])


async def consider(hub: Hub, *call_ids: str) -> None:
    """As the handler does; every handler may run twice."""
    for call_id in call_ids:
        for _ in range(2):
            async with tasks_of(hub) as tasks:
                await tasks.calls.consider(call_id)


async def happen(hub: Hub, *calls: CallSnapshot, step: int = 1, shop_id: ShopId = FIRST_SHOP) -> None:
    """Calls end, one after another, and tasks hear of them."""
    for call in calls:
        await tell(hub, fact(step, call), shop_id=shop_id)
        await consider(hub, call.call_id)


async def open_tasks(hub: Hub, *shops: ShopId) -> tuple[TaskView, ...]:
    """As whoever sees these shops sees them; without any, as the owner does."""
    async with tasks_of(hub) as tasks:
        return await tasks.reading.open(frozenset(shops) or None)


async def every_task(hub: Hub) -> tuple[TaskView, ...]:
    """The oldest first."""
    async with tasks_of(hub) as tasks:
        return tuple(reversed((await tasks.reading.page(TaskFilter(), cursor=None, limit=100)).items))


async def soft_rows(hub: Hub) -> tuple[MissView, ...]:
    async with tasks_of(hub) as tasks:
        return await tasks.reading.soft(None)
