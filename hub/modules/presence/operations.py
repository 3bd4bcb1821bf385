"""Presence in the API."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import NotAllowed
from hub.events.phones import PhoneCondition
from hub.events.presence import ChosenPresence
from hub.kernel.listing import Asked, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.presence.api import PresenceApi, PresenceState, PresenceView
from hub.modules.presence.rules import MOST_REASON
from hub.modules.presence.scope import CHOOSE, VIEW, may_speak_for, shops_of


class DeviceModel(BaseModel):
    """A device of the PBX."""

    model_config = ConfigDict(from_attributes=True)

    device: str
    extension: str
    condition: PhoneCondition
    since: Moment


class MembershipModel(BaseModel):
    """A queue that the person is in."""

    model_config = ConfigDict(from_attributes=True)

    queue: str
    extension: str
    is_paused: bool
    reason: Words
    paused_at: Moment | None


class PresenceModel(BaseModel):
    """How a colleague is. Of what holds at once the strongest is told: talking, ringing, do_not_disturb,
    away, unreachable, paused, free. `unknown`: the line to the PBX is away (`since` then), or it tells
    nothing of any phone of theirs."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="person_id", description="The employee’s")
    rev: int
    name: str
    state: PresenceState
    since: Moment | None
    reason: Words = Field(description="Of a pause, or what the person said")
    until: Moment | None = Field(description="Of away and do_not_disturb; null: until they say otherwise")
    extensions: list[str]
    devices: list[DeviceModel]
    queues: list[MembershipModel]


class PresencePage(BaseModel):
    """Everybody at once; there is no further page."""

    items: list[PresenceModel]
    next: Literal[None] = None
    is_known: bool = Field(description="Whether what the PBX tells of phones is known now")
    unknown_since: Moment | None


class PresenceIn(Strict):
    """What the person says."""

    kind: ChosenPresence = Field(description="`here` takes it back")
    reason: str = Field("", max_length=MOST_REASON)
    until: Asked | None = None


async def list_presence(request: PageRequest) -> PresencePage:
    """Everybody of the shops that the caller may see, by name."""
    api = request.apis.of(PresenceApi)
    knowledge = await api.knowledge()
    everybody = await api.everybody(shops_of(request))
    return PresencePage(
        items=[PresenceModel.model_validate(one) for one in everybody],
        is_known=knowledge.is_known,
        unknown_since=None if knowledge.is_known else knowledge.since,
    )


async def read_presence(request: PageRequest) -> PresenceView:
    """One colleague."""
    return await request.apis.of(PresenceApi).one(request.path["id"], shops_of(request))


async def put_presence(request: PageRequest, body: PresenceIn) -> PresenceView:
    """Say how a person is. A program, and whoever has the right in the whole shop, may say it for others."""
    person_id = request.path["id"]
    if not may_speak_for(request, person_id):
        raise NotAllowed("presence.not_self", "You can say this only for yourself.")
    person = await request.apis.of(AccessApi).person(person_id, shops_of(request, CHOOSE))
    api = request.apis.of(PresenceApi)
    await api.people.choose(person, body.kind, reason=body.reason, until=body.until)
    return await api.one(person_id)


operations = (
    ApiOperation(
        method="GET", path="/presence", handler=list_presence, right=VIEW, name="presence.list",
        summary="How colleagues are, by person over all phones", result=PresencePage,
    ),
    ApiOperation(
        method="GET", path="/presence/{id}", handler=read_presence, right=VIEW, name="presence.read",
        summary="How one colleague is", result=PresenceModel,
    ),
    ApiOperation(
        method="PUT", path="/presence/{id}", handler=put_presence, right=CHOOSE, name="presence.put",
        summary="Say that somebody is away, not to be disturbed, or back", body=PresenceIn,
        result=PresenceModel,
    ),
)  # fmt: skip
