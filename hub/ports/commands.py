"""What the hub orders a PBX to do: each order once, and how it ended said in one of four words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

CommandKind = Literal[
    "call", "hang_up", "take", "give", "blind", "attended", "hand_over", "take_back", "park", "pick_up",
    "pause", "unpause", "listen", "whisper", "barge", "mute_recording", "unmute_recording", "stop_recording",
]  # fmt: skip

Hearing = Literal["listen", "whisper", "barge"]
"""How a call is joined: heard by nobody; by the colleague alone; by everybody, as a third voice."""

AutoAnswer = Literal["none", "answer_after", "alert_info", "alert_delay", "ring_answer", "intercom"]
"""By which SIP header a phone picks up by itself; `none`: it rings, and a person picks it up."""

Technology = Literal["PJSIP", "SIP"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone of ours, and how it is told to answer by itself."""

    extension: str
    technology: Technology = "PJSIP"
    auto_answer: AutoAnswer = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAndDial:
    """Ring the phone, then dial `number` in `context`. `shown`: the number that the called see; `line`:
    the line of ours that they rang, for the dialplan."""

    command_id: str
    phone: Phone
    number: str
    context: str
    shown: str = ""
    line: str = ""
    ring_seconds: float = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End a call: its outside party, or whoever began it."""

    command_id: str
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCall:
    """Send a caller who waits (in a queue, ringing, parked) to `extension`, dialled in `context`."""

    command_id: str
    call_id: str
    extension: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCall:
    """Send the other side of this phone's call to `number`. `attended`: ask there first."""

    command_id: str
    call_id: str
    extension: str
    number: str
    context: str
    kind: Literal["blind", "attended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndConsultation:
    """The colleague was asked: `is_handed_over` joins the two, else the caller comes back to the phone."""

    command_id: str
    call_id: str
    extension: str
    is_handed_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkCall:
    """Park the other side of this phone's call; the space is read out to the phone."""

    command_id: str
    call_id: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseMember:
    """Take a phone out of its queues for a while, or put it back."""

    command_id: str
    extension: str
    is_paused: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenIn:
    """Ring `phone` and let it hear the call of `extension`, in this way."""

    command_id: str
    phone: Phone
    call_id: str
    extension: str
    how: Hearing
    ring_seconds: float = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRecording:
    """Write silence into whatever records this call, both ways, or sound again. It may be given again: a
    second time changes nothing."""

    command_id: str
    call_id: str
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecording:
    """End whatever records this call. It may be given again."""

    command_id: str
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginRecording:
    """The other side has said yes to one of ours: record the call now, where that is the link's to order and
    it waited for a yes. Given again it changes nothing."""

    command_id: str
    call_id: str


Order = (
    RingAndDial | HangUp | TakeCall | TransferCall | EndConsultation | ParkCall | PauseMember | ListenIn
    | MuteRecording | StopRecording
)  # fmt: skip
"""What becomes an action of the PBX as it stands."""
Command = Order | BeginRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """`taken`: the PBX does it; `refused`: it does not, for the reason in `text`; `unsent`: it was never
    asked; `unknown`: asked, and the answer was not seen. An unknown one is never sent again by itself."""

    kind: Literal["taken", "refused", "unsent", "unknown"]
    text: str = ""


@runtime_checkable
class CallControl(Protocol):
    """A PBX link that takes orders."""

    @property
    def takes_orders(self) -> bool:
        """Whether this process holds the line, and it is up."""
        ...

    def lacks(self) -> Mapping[CommandKind, str]:
        """What the PBX will not let us do, and the right in manager.conf that is missing for it."""
        ...

    async def carry_out(self, command: Command) -> CommandResult:
        """Give the order, once. Raises nothing but for a bug: every fault is a result."""
        ...
