"""Calls back by a click, for the page and the API: the task in hand, one's own phone, the number."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.modules.crm.api import CrmApi
from hub.modules.dialling.api import CallOrder, CommandView, DiallingApi, asker_of
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.scope import DO, holder_of, shops_of


async def ring(request: PageRequest, key: str, extension: str | None = None) -> CommandView:
    """Take the task of the address in hand and ring whom it is about; `key` is the click's own name. Raises
    NotFound, Conflict, and what dialling says of the number, the phone and the line to the PBX."""
    shops, holder = shops_of(request, DO), holder_of(request)
    task = await request.apis.of(TasksApi).claim(request.path["id"], holder, shops)
    number = task.number or await _number_of(request, task.client_id)
    order = CallOrder(number=number, key=key, call_id=task.call_id, extension=extension)
    return await request.apis.of(DiallingApi).call(order, asker_of(request))


async def _number_of(request: PageRequest, client_id: str | None) -> str:
    if client_id is None:
        return ""
    client = await request.apis.of(CrmApi).client(client_id)
    return client.phones[0].number if client.phones else ""
