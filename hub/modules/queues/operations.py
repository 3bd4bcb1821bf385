"""The queue board in the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import NotFound
from hub.events.phones import PhoneCondition
from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.queues.api import Board, Limits, QueueBoard, QueuesApi
from hub.modules.queues.rules import MOST, AlarmKind, Level
from hub.modules.queues.scope import SETTINGS, VIEW, shops_of
from hub.values import ShopId


class WaitingModel(BaseModel):
    """A caller who waits."""

    model_config = ConfigDict(from_attributes=True)

    call_id: str
    since: Moment
    name: Words | None
    number: Dialable | None
    line: str


class MemberModel(BaseModel):
    """A phone in the queue."""

    model_config = ConfigDict(from_attributes=True)

    extension: str
    interface: str
    name: Words
    person_id: str | None
    condition: PhoneCondition
    since: Moment
    is_paused: bool
    reason: Words
    paused_at: Moment | None


class TodayModel(BaseModel):
    """Today, in hours, by the definition of /reports/calls."""

    model_config = ConfigDict(from_attributes=True)

    answered: int
    lost: int
    service_level: float | None = Field(description="Per cent")
    calls: int


class AlarmModel(BaseModel):
    """A limit that is passed, or nearly."""

    model_config = ConfigDict(from_attributes=True)

    kind: AlarmKind
    level: Level
    limit: int


class QueueModel(BaseModel):
    """A queue. `there`: members whose phone is connected; of them some pause, some are free."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    waiting: list[WaitingModel]
    longest_since: Moment | None
    members: list[MemberModel]
    there: int
    paused: int
    free: int
    today: TodayModel
    alarms: list[AlarmModel]


class QueuePage(BaseModel):
    """All queues at once; there is no further page."""

    items: list[QueueModel]
    next: Literal[None] = None
    today: TodayModel = Field(description="Over all calls, those past the queues included")
    is_known: bool = Field(description="Whether what the PBX tells of members is known now")
    unknown_since: Moment | None


class LimitsModel(BaseModel):
    """When the board alarms; 0 = never."""

    shop_id: str
    waiting: int
    longest_wait: int = Field(description="Seconds")
    service_level: int = Field(description="Per cent")
    members_free: int


class LimitsPage(BaseModel):
    """Of every shop."""

    items: list[LimitsModel]
    next: Literal[None] = None


class LimitsIn(Strict):
    """All of them; 0 = never."""

    waiting: Annotated[int, Field(ge=0, le=MOST["waiting"])]
    longest_wait: Annotated[int, Field(ge=0, le=MOST["longest_wait"])]
    service_level: Annotated[int, Field(ge=0, le=MOST["service_level"])]
    members_free: Annotated[int, Field(ge=0, le=MOST["members_free"])]


async def list_queues(request: PageRequest) -> QueuePage:
    """As they stand now."""
    board: Board = await request.apis.of(QueuesApi).board(request.viewer.shop_id, shops_of(request))
    return QueuePage(
        items=[_model(one) for one in request.seen(board).queues],
        today=TodayModel.model_validate(board.today),
        is_known=board.is_known,
        unknown_since=board.unknown_since,
    )


async def list_limits(request: PageRequest) -> LimitsPage:
    """Of the shops that the caller may see."""
    known, shops = await request.apis.of(QueuesApi).limits.all(), shops_of(request)
    return LimitsPage(
        items=[
            _limits(one.id, known.get(one.id, Limits()))
            for one in await request.apis.of(AccessApi).list_shops()
            if shops is None or one.id in shops
        ]
    )


async def put_limits(request: PageRequest, body: LimitsIn) -> LimitsModel:
    """Other limits for a shop."""
    shop_id, shops = ShopId(request.path["id"]), shops_of(request, SETTINGS)
    known = {one.id for one in await request.apis.of(AccessApi).list_shops()}
    if shop_id not in known or (shops is not None and shop_id not in shops):
        raise NotFound("queues.no_shop", "There is no such shop.")
    limits = Limits(**body.model_dump())
    await request.apis.of(QueuesApi).limits.save(shop_id, limits)
    return _limits(shop_id, limits)


def _model(one: QueueBoard) -> QueueModel:
    return QueueModel.model_validate(one)


def _limits(shop_id: ShopId, limits: Limits) -> LimitsModel:
    return LimitsModel(shop_id=shop_id, **asdict(limits))


operations = (
    ApiOperation(
        method="GET", path="/queues", handler=list_queues, right=VIEW, name="queues.list",
        summary="Who waits, who is there to answer, how today goes", result=QueuePage,
    ),
    ApiOperation(
        method="GET", path="/queue-limits", handler=list_limits, right=VIEW, name="queues.limits",
        summary="When the queue board alarms, by shop", result=LimitsPage,
    ),
    ApiOperation(
        method="PUT", path="/queue-limits/{id}", handler=put_limits, right=SETTINGS, name="queues.put_limits",
        summary="Change when the queue board of a shop alarms", body=LimitsIn, result=LimitsModel,
    ),
)  # fmt: skip
