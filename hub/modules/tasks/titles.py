"""What a task is called, in the viewer's language: that of a call-back says whom to call."""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.web import PageRequest
from hub.modules.crm.api import ClientView, CrmApi
from hub.modules.tasks.views import TaskView
from hub.values import PhoneNumber


async def titles_of(request: PageRequest, tasks: Sequence[TaskView]) -> dict[str, str]:
    """The title of each task by its id; one statement for a list of any length."""
    ids = {task.client_id for task in tasks if task.client_id and not task.title}
    clients = await request.apis.of(CrmApi).clients_by_ids(ids)
    return {task.id: _title(request, task, clients.get(task.client_id or "")) for task in tasks}


def _title(request: PageRequest, task: TaskView, client: ClientView | None) -> str:
    if task.title:
        return task.title
    country = request.deps.places.of(request.viewer.shop_id).country
    parsed = PhoneNumber.parse(task.number, country) if task.number else None
    who = client.title if client is not None else parsed.international if parsed else task.number or "?"
    return request.t("Call back: {who}", who=who)
