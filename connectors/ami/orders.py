"""Orders of the hub on their way to the PBX: which channel is meant is looked up now, each is sent once,
and what its answer means is said in the four words of the port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from connectors.ami.actions import (
    Action,
    Answer,
    UnsafeText,
    attended_transfer,
    blind_transfer,
    cancel_transfer,
    hang_up,
    listen,
    mute_recording,
    originate,
    park,
    pause,
    redirect,
    stop_recording,
)
from connectors.ami.marks import channel_id
from connectors.ami.tracker import Tracker
from connectors.ami.tracker.legs import Leg, hearing
from hub.clock import Clock
from hub.ports.commands import (
    CommandKind,
    CommandResult,
    EndConsultation,
    HangUp,
    ListenIn,
    MuteRecording,
    Order,
    ParkCall,
    PauseMember,
    Phone,
    RingAndDial,
    StopRecording,
    TakeCall,
    TransferCall,
)

Ask = Callable[[Action], Awaitable[Answer]]

MEMBERS = Action("QueueStatus", complete="QueueStatusComplete")
_NEEDS: Mapping[CommandKind, tuple[str, str]] = {
    "call": ("Originate", "originate"),
    "pick_up": ("Originate", "originate"),
    "listen": ("Originate", "originate"),
    "whisper": ("Originate", "originate"),
    "barge": ("Originate", "originate"),
    "hang_up": ("Hangup", "call"),
    "take": ("Redirect", "call"),
    "give": ("Redirect", "call"),
    "hand_over": ("Hangup", "call"),
    "blind": ("BlindTransfer", "call"),
    "attended": ("Atxfer", "call"),
    "take_back": ("CancelAtxfer", "call"),
    "park": ("Park", "call"),
    "pause": ("QueuePause", "agent"),
    "unpause": ("QueuePause", "agent"),
    "mute_recording": ("MixMonitorMute", "call"),
    "unmute_recording": ("MixMonitorMute", "call"),
    "stop_recording": ("StopMixMonitor", "call"),
}


class _Gone(Exception):
    """What the order is about is not there (any more); the text is for a person."""


def lacking(allowed: Collection[str] | None) -> dict[CommandKind, str]:
    """What cannot be ordered, and the right that is missing; nothing where the PBX did not tell.
    `allowed`: names of actions in lower case."""
    if allowed is None:
        return {}
    return {kind: right for kind, (action, right) in _NEEDS.items() if action.lower() not in allowed}


class Orders:
    """For one session with the PBX."""

    def __init__(self, ask: Ask, tracker: Tracker, clock: Clock) -> None:
        self._ask = ask
        self._tracker = tracker
        self._clock = clock

    async def carry_out(self, command: Order) -> CommandResult:
        """Send it, once."""
        try:
            if isinstance(command, MuteRecording | StopRecording):
                return await self._about_recording(command)
            for action in await self._actions(command):
                answer = await self._ask(action)
                if answer.kind == "unknown":
                    return CommandResult(kind="unknown", text=answer.text)
                if answer.kind != "done":
                    return CommandResult(kind="refused", text=answer.text)
        except UnsafeText as fault:
            return CommandResult(kind="unsent", text=f"The order was not sent: {fault}")
        except _Gone as fault:
            return CommandResult(kind="refused", text=str(fault))
        return CommandResult(kind="taken")

    async def _actions(self, command: Order) -> list[Action]:
        match command:
            case RingAndDial():
                return [self._originate(command)]
            case HangUp():
                return [hang_up(self._end_of(command.call_id).name)]
            case TakeCall():
                waiting = self._end_of(command.call_id)
                if any(one is not waiting for one in hearing(waiting)):
                    raise _Gone("Somebody talks with them already.")
                return [redirect(waiting.name, number=command.extension, context=command.context)]
            case TransferCall():
                make = blind_transfer if command.kind == "blind" else attended_transfer
                own = self._own(command.call_id, command.extension)
                return [make(own.name, number=command.number, context=command.context)]
            case EndConsultation():
                own = self._own(command.call_id, command.extension)
                if command.is_handed_over and self._end_of(command.call_id) in hearing(own):
                    raise _Gone("Nobody is being asked any more: the caller is back on the line.")
                return [hang_up(own.name) if command.is_handed_over else cancel_transfer(own.name)]
            case ParkCall():
                own = self._own(command.call_id, command.extension)
                return [park(self._other(command.call_id, own).name, announce=own.name)]
            case PauseMember():
                return await self._pauses(command)
            case ListenIn():
                return [self._listen(command)]
            case MuteRecording() | StopRecording():
                return [_of_recording(command, leg) for leg in self._legs(command.call_id)]

    async def _about_recording(self, command: MuteRecording | StopRecording) -> CommandResult:
        """Every leg is told, since any of them may be the one that is recorded. Done it is when each of those
        that we know to be recorded said so; where none is known (we came later), when one at least did."""
        legs = self._legs(command.call_id)
        answers = await asyncio.gather(*(self._ask(_of_recording(command, leg)) for leg in legs))
        told = list(zip(legs, answers, strict=True))
        known = [answer for leg, answer in told if leg.recorded_into and leg.ended is None]
        done = [answer for _, answer in told if answer.kind == "done"]
        if done and all(answer.kind == "done" for answer in known):
            return CommandResult(kind="taken")
        if (unseen := next((one for one in answers if one.kind == "unknown"), None)) is not None:
            return CommandResult(kind="unknown", text=unseen.text)
        return CommandResult(kind="refused", text=next((one.text for one in (*known, *answers)), ""))

    def _originate(self, command: RingAndDial) -> Action:
        shown = command.shown or command.phone.extension
        return originate(
            _device(command.phone),
            number=command.number,
            context=command.context,
            # The phone that rings shows the name, the called see the number.
            caller_id=f'"{command.number}" <{shown}>',
            timeout=command.ring_seconds,
            channel_id=channel_id("c", command.command_id, self._clock.now().timestamp()),
            variables={"PITLINE_LINE": command.line} if command.line else None,
            answer=command.phone.auto_answer,
        )

    def _listen(self, command: ListenIn) -> Action:
        target = self._own(command.call_id, command.extension)
        return listen(
            _device(command.phone),
            target=target.name,
            how=command.how,
            timeout=command.ring_seconds,
            channel_id=channel_id("l", command.command_id, self._clock.now().timestamp()),
            answer=command.phone.auto_answer,
        )

    async def _pauses(self, command: PauseMember) -> list[Action]:
        """The queues know a phone by an interface of theirs: one order for each that is this phone's."""
        answer = await self._ask(MEMBERS)
        members = answer.rows_named("QueueMember") if answer.is_told else ()
        wanted = {
            row.get("Location") or row.get("Interface")
            for row in members
            if command.extension in (_phone_of(row.get("Location")), _phone_of(row.get("StateInterface")))
        }
        if not wanted:
            raise _Gone("This phone is in no queue of the PBX.")
        return [pause(one, is_paused=command.is_paused, reason=command.reason) for one in sorted(wanted)]

    # Who is meant

    def _legs(self, call_id: str) -> tuple[Leg, ...]:
        legs = self._tracker.legs_of(call_id)
        if not legs:
            raise _Gone("The call has ended.")
        return legs

    def _own(self, call_id: str, extension: str) -> Leg:
        legs = [leg for leg in self._legs(call_id) if leg.kind == "phone" and leg.endpoint == extension]
        talking = [leg for leg in legs if leg.bridge is not None]
        if not talking:
            raise _Gone(f"{extension} is not on the phone in this call.")
        return talking[0]

    def _other(self, call_id: str, own: Leg) -> Leg:
        others = [leg for leg in self._legs(call_id) if leg is not own and leg.bridge is not None]
        outside = [leg for leg in others if leg.is_outside_party]
        if not others:
            raise _Gone("Nobody else is on the line.")
        return (outside or others)[0]

    def _end_of(self, call_id: str) -> Leg:
        """Whose end is the end of the call."""
        legs = self._legs(call_id)
        outside = [leg for leg in legs if leg.is_outside_party]
        callers = [leg for leg in legs if leg is leg.conversation.caller]
        return [*outside, *callers, *legs][0]


def _of_recording(command: MuteRecording | StopRecording, leg: Leg) -> Action:
    if isinstance(command, StopRecording):
        return stop_recording(leg.name)
    return mute_recording(leg.name, is_muted=command.is_muted)


def _device(phone: Phone) -> str:
    return f"{phone.technology}/{phone.extension}"


def _phone_of(interface: str) -> str:
    """`PJSIP/101` and `Local/101@from-queue/n` are 101."""
    return interface.partition("/")[2].partition("/")[0].partition("@")[0].partition("-")[0]
