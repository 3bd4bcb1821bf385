"""What the shop said that it would do today: call-backs and tasks with an hour that nobody missed yet."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.tasks.models import Miss, Task
from hub.modules.tasks.service_reading import TaskReading
from hub.modules.tasks.service_shares import of_shops
from hub.modules.tasks.views import Shops, TaskView

_MOST = 50


class PromiseService:
    """A missed call has a deadline too, but nobody promised it to the caller. Never commits."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._reading = TaskReading(uow, deps)

    async def today(self, shops: Shops) -> tuple[TaskView, ...]:
        """Until the end of the shop's day, also those whose hour is over; the earliest first."""
        ends = await self._reading.today(shops) + timedelta(days=1)
        unanswered = exists().where(Miss.task_id == Task.id, Miss.settled_by.is_(None))
        query = select(Task).where(Task.state == "open", Task.due_at < ends, ~unanswered)
        query = query.where(*of_shops(shops)).order_by(Task.due_at, Task.id).limit(_MOST)
        return await self._reading.views((await self._session.scalars(query)).all(), shops)
