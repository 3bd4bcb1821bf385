"""Tasks as people read them: whom to call, with which car, why, since when, who has it in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.kernel.masking import Words
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, LineView
from hub.modules.crm.api import ClientView, CrmApi, VehicleView
from hub.modules.tasks.api import Counts, MissView, TasksApi, TaskView
from hub.modules.tasks.scope import shops_of
from hub.modules.tasks.titles import titles_of

_CLOSED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task with everything that the page shows of it."""

    task: TaskView
    title: Words
    client: ClientView | None
    cars: tuple[VehicleView, ...]
    line: LineView | None
    owner: str
    is_late: bool
    is_mine: bool
    shops: str = ""
    """Which shops they rang, where there are several of the viewer's."""
    is_exhausted: bool = False
    """It was tried as often as the settings allow: a person gives up, or tries once more."""

    @property
    def is_taken(self) -> bool:
        """Somebody else has it in hand."""
        return self.task.is_held_elsewhere or (self.task.claimed_by is not None and not self.is_mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """Everything on the page. `talking`: how many are on the line now."""

    rows: tuple[TaskRow, ...]
    closed: tuple[TaskRow, ...]
    soft: tuple[MissView, ...]
    lines: dict[str, LineView]
    counts: Counts
    most_tries: int
    now: datetime


async def tasks_page(request: PageRequest) -> TasksPage:
    """The open ones in their order, what stands beside them, what was done today."""
    reading, shops = request.apis.of(TasksApi).reading, shops_of(request)
    tasks = await reading.open(shops)
    talking = await reading.in_talk(tasks)
    closed = await reading.closed_since(await reading.today(shops), shops, _CLOSED)
    soft = await reading.soft(shops)
    lines = await request.apis.of(CallsApi).lines_by_number({miss.line for miss in soft})
    return TasksPage(
        rows=await task_rows(request, [task for task in tasks if task.id not in talking]),
        closed=await task_rows(request, closed),
        soft=soft,
        lines=lines,
        counts=await reading.counts(shops),
        most_tries=request.deps.settings.tasks.most_tries,
        now=request.deps.clock.now(),
    )


async def task_rows(request: PageRequest, tasks: Sequence[TaskView]) -> tuple[TaskRow, ...]:
    """A few statements for a list of any length."""
    crm, now = request.apis.of(CrmApi), request.deps.clock.now()
    ids = {task.client_id for task in tasks if task.client_id is not None}
    clients, cars = await crm.clients_by_ids(ids), await crm.vehicles_of(ids)
    lines = await request.apis.of(CallsApi).lines_by_number({task.line for task in tasks})
    owned = any(task.owner_id for task in tasks)
    people = await request.apis.of(AccessApi).list_people() if owned else []
    names = {person.id: person.name for person in people}
    most = request.deps.settings.tasks.most_tries
    titles, shops = await titles_of(request, tasks), await _shops(request, tasks)
    return tuple(
        TaskRow(
            task=task, title=titles[task.id], client=clients.get(task.client_id or ""),
            cars=cars.get(task.client_id or "", ()), line=lines.get(task.line or ""),
            owner=names.get(task.owner_id or "", ""), is_late=task.is_late(now),
            is_mine=task.claimed_by == request.viewer.id, shops=shops.get(task.id, ""),
            is_exhausted=task.failed_tries >= most,
        )
        for task in tasks
    )  # fmt: skip


async def _shops(request: PageRequest, tasks: Sequence[TaskView]) -> dict[str, str]:
    shared = [task for task in tasks if len(task.shop_ids) > 1]
    if not shared:
        return {}
    names = {shop.id: shop.name for shop in await request.apis.of(AccessApi).list_shops()}
    return {task.id: ", ".join(names.get(shop, shop) for shop in task.shop_ids) for task in shared}
