"""Calling back in the API."""

from __future__ import annotations

from pydantic import BaseModel, Field

from hub.errors import NotAllowed
from hub.kernel.listing import Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.dialling.api import DIAL, click_of
from hub.modules.tasks.operations import Text
from hub.modules.tasks.ringing import ring
from hub.modules.tasks.scope import DO


class RingIn(Strict):
    """Which phone rings first."""

    extension: Text | None = Field(None, description="Of a person one of their own, and may be left out")


class RingOut(BaseModel):
    """The order to the PBX; how it goes on stands at /dialling/{order_id}."""

    task_id: str
    order_id: str


async def call_task(request: PageRequest, body: RingIn) -> RingOut:
    """Take it in hand and ring the client: the own phone first, the line that they had rung presented. Needs
    the right `dialling.call`, too. With `Idempotency-Key` one call, however often it is sent. 409
    `tasks.claimed` while somebody else has it in hand."""
    if not request.viewer.can(DIAL):
        raise NotAllowed(
            "dial.no_right", "This needs the right to call out by a click.", "The owner can give it: Roles."
        )
    order = await ring(request, click_of(request), body.extension)
    return RingOut(task_id=request.path["id"], order_id=order.id)


operations = (
    ApiOperation(
        method="POST", path="/tasks/{id}/call", handler=call_task, right=DO, name="tasks.call_task",
        summary="Call back: one's own phone rings first, then the client", body=RingIn, result=RingOut,
        status=202, errors=(401, 403, 404, 409, 415, 422, 429, 503),
    ),
)  # fmt: skip
