"""An order as the PBX link takes it: made from its row at the last moment, with the number through the gate
once more, so that nothing that any other way wrote a row can dial what is not allowed."""

from __future__ import annotations

import re

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.rules import Target, Who, admit
from hub.modules.dialling.rules_settings import DialSettings
from hub.modules.dialling.service_settings import SettingsService
from hub.modules.dialling.service_state import Claim
from hub.ports.commands import (
    Command,
    EndConsultation,
    HangUp,
    ListenIn,
    ParkCall,
    PauseMember,
    Phone,
    RingAndDial,
    TakeCall,
    TransferCall,
)
from hub.values import ShopId

_SPACE = re.compile(r"[0-9]{2,5}")


async def command_of(claim: Claim, uow: UnitOfWork, deps: Deps) -> Command:
    """Raises Invalid, NotAllowed for what the gate does not let pass now."""
    settings = await SettingsService(uow, deps).read()
    call_id = claim.call_id or ""
    match claim.kind:
        case "call":
            return await _ring(claim, settings, uow, deps)
        case "pick_up":
            return RingAndDial(
                command_id=claim.id, phone=_phone(claim, settings), number=parking_space(claim.digits),
                context=settings.context, ring_seconds=settings.ring_seconds,
            )  # fmt: skip
        case "take" | "give":
            given = _colleague(await _gate(claim, settings, uow, deps)) if claim.kind == "give" else ""
            return TakeCall(
                command_id=claim.id, call_id=call_id, extension=given or claim.extension,
                context=settings.context,
            )  # fmt: skip
        case "hang_up":
            return HangUp(command_id=claim.id, call_id=call_id)
        case "blind" | "attended":
            target = await _gate(claim, settings, uow, deps)
            return TransferCall(
                command_id=claim.id, call_id=call_id, extension=claim.extension, number=target.digits,
                context=settings.way(claim.line)[0], kind=claim.kind,
            )  # fmt: skip
        case "hand_over" | "take_back":
            return EndConsultation(
                command_id=claim.id, call_id=call_id, extension=claim.extension,
                is_handed_over=claim.kind == "hand_over",
            )  # fmt: skip
        case "park":
            return ParkCall(command_id=claim.id, call_id=call_id, extension=claim.extension)
        case "pause" | "unpause":
            return PauseMember(
                command_id=claim.id, extension=claim.extension, is_paused=claim.kind == "pause",
                reason=str(claim.arguments.get("reason", "")),
            )  # fmt: skip
        case "listen" | "whisper" | "barge":
            return ListenIn(
                command_id=claim.id, phone=_phone(claim, settings), call_id=call_id,
                extension=str(claim.arguments.get("target", "")), how=claim.kind,
                ring_seconds=settings.ring_seconds,
            )  # fmt: skip
        case "mute_recording" | "unmute_recording" | "stop_recording":
            raise Invalid("dial.not_a_number", "This is not an order of a telephone.")


def parking_space(digits: str | None) -> str:
    """The one number that does not pass the gate: a space of the car park. Raises Invalid."""
    if digits is None or not _SPACE.fullmatch(digits):
        raise Invalid("dial.not_parked", "This call is not parked.")
    return digits


def _colleague(target: Target) -> str:
    """The digits that a caller is given away to: the phone may be nobody's by now. Raises Invalid."""
    if target.kind != "colleague":
        raise Invalid("dial.not_a_colleague", "A caller who waits is given to a colleague’s phone.")
    return target.digits


async def _ring(claim: Claim, settings: DialSettings, uow: UnitOfWork, deps: Deps) -> RingAndDial:
    target = await _gate(claim, settings, uow, deps)
    shown = await _presented(claim.line, settings, uow, deps) if target.kind == "outside" else ""
    return RingAndDial(
        command_id=claim.id, phone=_phone(claim, settings), number=target.digits,
        context=settings.way(claim.line)[0], shown=shown, line=shown, ring_seconds=settings.ring_seconds,
    )  # fmt: skip


async def _gate(claim: Claim, settings: DialSettings, uow: UnitOfWork, deps: Deps) -> Target:
    people = await AccessApi(uow, deps).list_people(only_active=True)
    who = Who(
        country=deps.places.of(ShopId(claim.shop_id)).country,
        rule=settings.rule(claim.role),
        colleagues={one for person in people for one in person.extensions},
        is_person=claim.actor.startswith("person:"),
    )
    if claim.number is None:
        raise Invalid("dial.not_a_number", "This is not a telephone number.")
    return admit(claim.number, who, settings, settings.way(claim.line)[1])


async def _presented(line: str | None, settings: DialSettings, uow: UnitOfWork, deps: Deps) -> str:
    """What the called see: the line's own call-back number, the line, or what is presented in general."""
    if line is None:
        return settings.presented
    known = (await CallsApi(uow, deps).lines_by_number([line])).get(line)
    number = (known.callback_number if known else "") or line
    digits = number.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 5 else settings.presented


def _phone(claim: Claim, settings: DialSettings) -> Phone:
    return Phone(
        extension=claim.extension, technology=settings.technology,
        auto_answer=settings.answers(claim.extension),
    )  # fmt: skip
