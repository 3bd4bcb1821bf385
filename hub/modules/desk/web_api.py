"""The desk in /api/v1: what pops up for whom, for programs and tests."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from hub.kernel.masking import Dialable
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.desk.api import DeskApi, PopState
from hub.modules.desk.service import phones_of


class PopModel(BaseModel):
    """One call as it concerns the person who asks."""

    call_id: str
    state: PopState
    since: datetime
    extension: Dialable | None


class DeskModel(BaseModel):
    """The person's desk: `pops` most urgent first, `primary` the call whose card is open."""

    extensions: list[Dialable]
    primary: str | None
    pops: list[PopModel]


async def read(request: PageRequest) -> DeskModel:
    """The present state; nothing is remembered, so it may be asked as often as one likes."""
    state = await request.apis.of(DeskApi).state(request.viewer)
    pops = [
        PopModel(call_id=pop.call_id, state=pop.state, since=pop.since, extension=pop.extension)
        for pop in state.pops
    ]
    primary = state.primary.call_id if state.primary else None
    return DeskModel(extensions=list(phones_of(request.viewer)), primary=primary, pops=pops)


operations = (
    ApiOperation(
        method="GET", path="/desk", handler=read, right="desk.use", name="desk.read",
        summary="What pops up for the person who asks", result=DeskModel,
    ),
)  # fmt: skip
