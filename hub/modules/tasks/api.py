"""What other modules and pages may ask of tasks. A task belongs to every shop whose line was dialled."""

from __future__ import annotations

from datetime import datetime

from hub.kernel.parts import Composed, Part
from hub.modules.tasks.noticing import notice_writer
from hub.modules.tasks.scope import DO
from hub.modules.tasks.service import TaskService
from hub.modules.tasks.service_calls import CallTaskService
from hub.modules.tasks.service_mobile import MobileCallService
from hub.modules.tasks.service_numbers import NumberTaskService
from hub.modules.tasks.service_promises import PromiseService
from hub.modules.tasks.service_reading import TaskReading
from hub.modules.tasks.service_speed import SpeedService
from hub.modules.tasks.views import (
    CallbackView,
    Counts,
    Holder,
    MissView,
    MobileCallView,
    Shops,
    TaskEntry,
    TaskFilter,
    TaskPage,
    TaskView,
    TryView,
)  # fmt: skip
from hub.values import ShopId

__all__ = [
    "DO", "CallbackView", "Counts", "Holder", "MissView", "MobileCallView", "TaskEntry", "TaskFilter",
    "TaskPage", "TaskView", "TasksApi", "TryView", "notice_writer",
]  # fmt: skip


class TasksApi(Composed):
    """Tasks, for one unit of work. `reading` lists them, `doing` is what people do with them, `mobile` the
    calls on private mobiles, `speed` how fast they are called back, `promises` what has an hour today,
    `calls` and `numbers` what facts do."""

    reading = Part(TaskReading)
    doing = Part(TaskService)
    mobile = Part(MobileCallService)
    speed = Part(SpeedService)
    promises = Part(PromiseService)
    calls = Part(CallTaskService)
    numbers = Part(NumberTaskService)

    async def about(
        self, client_id: str | None, number: str | None, shops: Shops = None
    ) -> tuple[TaskView, ...]:
        """The open tasks about a client (by any phone) or a number."""
        return await self.reading.about(client_id, number, shops)

    async def claim(self, task_id: str, holder: Holder, shops: Shops = None) -> TaskView:
        """Take a task in hand: what click-to-call does first. Raises NotFound, Conflict."""
        return await self.doing.claim(task_id, holder, shops)

    async def moments(self, shop_id: ShopId) -> dict[str, datetime]:
        """When one may promise to ring back: in an hour, before the shop closes, on its next morning."""
        return await self.doing.moments(shop_id)

    async def remind(self, entry: TaskEntry, shops: Shops = None) -> TaskView:
        """Call them back at this moment: a new task, or the open one with another time; of one that several
        shops wait for, the earlier time counts. Raises Invalid."""
        return await self.doing.remind(entry, shops)

    async def client_wrote(self, client_id: str | None, number: str | None, at: datetime) -> None:
        """A client wrote: call-backs for what was before are done."""
        await self.doing.wrote(client_id, number, at)
