"""Steering calls in the API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.kernel.listing import Strict
from hub.kernel.web import ApiOperation, Method, PageRequest
from hub.modules.dialling.api import CommandView, DiallingApi
from hub.modules.dialling.operations import ERRORS, OrderOut, Text
from hub.modules.dialling.scope import LISTEN, STEER, asker_of, calls_of, click_of
from hub.modules.dialling.service_steering import SteeringService
from hub.ports.commands import Hearing


class TransferIn(Strict):
    """Where to. `attended`: the colleague is asked first, and `consultation` ends it."""

    to: Text = Field(description="A colleague's extension, or a number that may be called")
    kind: Literal["blind", "attended"] = "blind"


class ConsultationIn(Strict):
    """Whether the caller is handed over, or taken back."""

    is_handed_over: bool


class PhoneIn(Strict):
    """Whose phone; of a person one of their own, and may be left out."""

    extension: Text | None = None


class ListenIn(PhoneIn):
    """Who listens, and who hears them: nobody; with `may_whisper` the colleague; with `may_talk` everybody,
    as a third voice."""

    may_whisper: bool = False
    may_talk: bool = False

    @property
    def how(self) -> Hearing:
        """In the words of the port."""
        return "barge" if self.may_talk else "whisper" if self.may_whisper else "listen"


class GiveIn(Strict):
    """To whom."""

    to: Text = Field(description="A colleague's extension")


class PauseIn(PhoneIn):
    """Out of the queues, or back; the reason is one of the settings'."""

    is_paused: bool
    reason: Text = ""


def _steering(request: PageRequest) -> SteeringService:
    return request.apis.of(DiallingApi).steering


async def hang_up(request: PageRequest) -> CommandView:
    """End the call."""
    shops = calls_of(request, STEER)
    return await _steering(request).hang_up(request.path["id"], asker_of(request), click_of(request), shops)


async def take(request: PageRequest, body: PhoneIn) -> CommandView:
    """A caller who waits or is parked comes to this phone."""
    shops = calls_of(request, STEER)
    return await _steering(request).take(
        request.path["id"], asker_of(request), click_of(request), shops, body.extension
    )


async def give(request: PageRequest, body: GiveIn) -> CommandView:
    """A caller who waits or is parked goes to a colleague's phone."""
    shops = calls_of(request, STEER)
    return await _steering(request).give(
        request.path["id"], body.to, asker_of(request), click_of(request), shops
    )


async def transfer(request: PageRequest, body: TransferIn) -> CommandView:
    """Send the other side of the phone that talks there."""
    shops = calls_of(request, STEER)
    return await _steering(request).transfer(
        request.path["id"], body.to, body.kind, asker_of(request), click_of(request), shops
    )


async def consultation(request: PageRequest, body: ConsultationIn) -> CommandView:
    """After a transfer with `attended`."""
    shops = calls_of(request, STEER)
    return await _steering(request).end_consultation(
        request.path["id"], body.is_handed_over, asker_of(request), click_of(request), shops
    )


async def park(request: PageRequest) -> CommandView:
    """Into the car park of calls; `take` fetches it."""
    shops = calls_of(request, STEER)
    return await _steering(request).park(request.path["id"], asker_of(request), click_of(request), shops)


async def listen(request: PageRequest, body: ListenIn) -> CommandView:
    """Hear the call on this phone."""
    shops = calls_of(request, LISTEN)
    return await _steering(request).listen(
        request.path["id"], body.how, asker_of(request), click_of(request), shops, body.extension
    )


async def pause(request: PageRequest, body: PauseIn) -> CommandView:
    """Take a phone out of its queues for a while, or put it back."""
    return await _steering(request).pause(
        body.is_paused, body.reason, asker_of(request), click_of(request), body.extension
    )


_POST: Method = "POST"
_CALL = "/calls/{id}"

operations = (
    ApiOperation(
        method=_POST, path=f"{_CALL}/hang-up", handler=hang_up, right=STEER, name="dialling.api_hang_up",
        summary="End a call", result=OrderOut, status=202, errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/take", handler=take, right=STEER, name="dialling.api_take",
        summary="Take a caller who waits or is parked", body=PhoneIn, result=OrderOut, status=202,
        errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/give", handler=give, right=STEER, name="dialling.api_give",
        summary="Give a caller who waits or is parked to a colleague", body=GiveIn, result=OrderOut,
        status=202, errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/transfer", handler=transfer, right=STEER, name="dialling.api_transfer",
        summary="Put a call through, or ask a colleague first", body=TransferIn, result=OrderOut, status=202,
        errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/consultation", handler=consultation, right=STEER,
        name="dialling.api_consultation", summary="Hand over after asking, or take back",
        body=ConsultationIn, result=OrderOut, status=202, errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/park", handler=park, right=STEER, name="dialling.api_park",
        summary="Park a call", result=OrderOut, status=202, errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path=f"{_CALL}/listen", handler=listen, right=LISTEN, name="dialling.api_listen",
        summary="Listen in to a call, whisper, or join it", body=ListenIn, result=OrderOut, status=202,
        errors=ERRORS,
    ),
    ApiOperation(
        method=_POST, path="/dialling/pause", handler=pause, right=STEER, name="dialling.api_pause",
        summary="Take a phone out of its queues, or put it back", body=PauseIn, result=OrderOut, status=202,
        errors=ERRORS,
    ),
)  # fmt: skip
