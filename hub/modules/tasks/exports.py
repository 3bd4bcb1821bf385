"""Tasks as a file."""

from __future__ import annotations

from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.exporting import STRETCH, Export, ExportRow, Stretch
from hub.modules.crm.api import CrmApi
from hub.modules.tasks.api import TaskFilter, TasksApi, TaskView
from hub.modules.tasks.operations import task_out

COLUMNS = (
    "Made", "Kind", "Title", "State", "Why closed", "Client", "Number", "Line", "Due", "Escalated", "Closed",
    "Tries in vain", "Notes", "Id", "Owner id", "Client id", "Call id",
)  # fmt: skip


async def _tasks(uow: UnitOfWork, deps: Deps, since: datetime | None, cursor: str | None) -> Stretch:
    page = await TasksApi(uow, deps).reading.page(TaskFilter(shops=None), cursor=cursor, limit=STRETCH)
    tasks = [one for one in page.items if since is None or one.created_at >= since]
    clients = await CrmApi(uow, deps).clients_by_ids({one.client_id for one in tasks if one.client_id})
    rows, most = [], deps.settings.tasks.most_tries
    for one in tasks:
        client = clients.get(one.client_id or "")
        name = client.title if client is not None else ""
        rows.append(ExportRow(cells=_cells(one, name), whole=task_out(one, one.title, most)))
    return Stretch(rows=rows, next=page.next if len(tasks) == len(page.items) else None)


def _cells(task: TaskView, client: str) -> list[object]:
    return [
        task.created_at, task.kind, task.title, task.state, task.reason, client, task.number, task.line,
        task.due_at, "1" if task.is_escalated else "", task.closed_at, task.failed_tries, task.note, task.id,
        task.owner_id, task.client_id, task.call_id,
    ]  # fmt: skip


exports = (Export(kind="tasks", about="call-backs and other tasks", columns=COLUMNS, read=_tasks),)
