"""Backups and the quarantine in the API."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub.errors import Conflict
from hub.kernel.context import QuarantineView
from hub.kernel.listing import Moment, Strict
from hub.kernel.web import ApiOperation, PageRequest


class WaitingOut(BaseModel):
    """What of one kind would reach outside."""

    what: str
    count: int
    oldest: Moment


class QuarantineOut(BaseModel):
    """Whether anything is sent. After a restore nothing is, until a person releases it."""

    is_on: bool
    begun_at: Moment | None = None
    taken_at: Moment | None = Field(default=None, description="From when the backup is")
    waiting: list[WaitingOut] = Field(default_factory=list)


class Release(Strict):
    """What becomes of what waits: it is dropped for good, or sent."""

    waiting: Literal["drop", "send"]


async def get_quarantine(request: PageRequest) -> QuarantineOut:
    """Since when nothing is sent, and what waits."""
    held = request.deps.quarantine
    state = await held.state() if held is not None else None
    if held is None or state is None:
        return QuarantineOut(is_on=False)
    waiting = [WaitingOut(what=one.what, count=one.count, oldest=one.oldest) for one in await held.waiting()]
    return QuarantineOut(is_on=True, begun_at=state.begun_at, taken_at=state.taken_at, waiting=waiting)


async def release(request: PageRequest, body: Release) -> QuarantineOut:
    """From now on everything is sent again."""
    held = await held_back(request)
    actor, is_dropped = request.viewer.actor, body.waiting == "drop"
    session = request.uow.session
    await session.run_sync(lambda sync: held.release(sync.connection(), actor, discard=is_dropped))
    return QuarantineOut(is_on=False)


async def held_back(request: PageRequest, **_given: object) -> QuarantineView:
    """Raises Conflict where there is nothing to release."""
    held = request.deps.quarantine
    if held is None or await held.state() is None:
        raise Conflict("quarantine.off", "Nothing is held back.", "There is nothing to release.")
    return held


operations = (
    ApiOperation(
        method="GET", path="/quarantine", handler=get_quarantine, right="system.view",
        name="backup.get_quarantine", summary="Whether a restored system sends nothing yet",
        result=QuarantineOut, errors=(401, 403, 429),
    ),
    ApiOperation(
        method="POST", path="/quarantine/release", handler=release, right="backup.release",
        name="backup.release_quarantine", summary="Let a restored system send again", body=Release,
        result=QuarantineOut, second="backup.release", check=held_back, errors=(401, 403, 409, 415, 422, 429),
    ),
)  # fmt: skip
