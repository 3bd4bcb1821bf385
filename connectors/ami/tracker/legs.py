"""A leg is a channel of the PBX; a bridge is where legs hear each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.ami.tracker.endpoints import Kind
from connectors.ami.tracker.moments import Moment

if TYPE_CHECKING:
    from connectors.ami.tracker.conversation import Conversation

RING, RINGING, UP = 4, 5, 6


@dataclass(slots=True, eq=False)
class Leg:
    """One channel from its birth to its end, and after that what the call remembers of it.

    `is_caller`: it came to the PBX by itself; else the PBX called it. `is_outside_party`: behind it
    is the one whom the call is with (a trunk leg that is not is a mobile of ours). `talked` is when
    it was first joined with a living person, `met` when with the outside party. `decided`: its DialEnd came;
    `referring`: its phone is about to send the other side elsewhere."""

    uniqueid: str
    name: str
    linkedid: str
    kind: Kind
    endpoint: str
    born: Moment
    conversation: Conversation
    is_caller: bool
    number: str = ""
    caller_name: str = ""
    exten: str = ""
    exten_in_bridge: str = ""
    left_last: str = ""
    recorded_into: str = ""
    recorded_since: Moment | None = None
    consulted: Leg | None = None
    mate: Leg | None = None
    bridge: Bridge | None = None
    is_outside_party: bool = False
    is_dialled: bool = False
    is_placed: bool = False
    is_holding: bool = False
    is_taken: bool = False
    has_left_queue: bool = False
    is_zombie: bool = False
    dial_string: str = ""
    dial_status: str = ""
    is_dial_begun: bool = False
    decided: Moment | None = None
    referring: Moment | None = None
    unheld: Moment | None = None
    cause: int = 0
    rang: Moment | None = None
    up: Moment | None = None
    talked: Moment | None = None
    met: Moment | None = None
    asked_to_end: Moment | None = None
    told_to_end: Moment | None = None
    ended: Moment | None = None
    is_end_unseen: bool = False
    was_cancelled_by_caller: bool = False
    was_answered_elsewhere: bool = False

    @property
    def is_real(self) -> bool:
        """Whether a telephone stands behind it, not a Local half or a machine."""
        return self.kind in ("phone", "outside") and not self.is_zombie

    @property
    def is_leaving(self) -> bool:
        """Whether its end was announced."""
        return self.asked_to_end is not None or self.told_to_end is not None


@dataclass(slots=True, eq=False)
class Bridge:
    """`is_holding`: a parking lot or waiting room, where nobody hears anybody. `is_basic`: two-party
    bridge of a Dial or Queue, not a conference. `is_guess`: they were joined when a former life of the
    hub last heard of them; which bridge it is the PBX has not said yet."""

    uniqueid: str
    is_holding: bool = False
    is_basic: bool = False
    is_parking: bool = False
    is_guess: bool = False
    members: dict[Leg, None] = field(default_factory=dict)


def hearing(leg: Leg) -> list[Leg]:
    """The real legs that hear this one, itself included: through any chain of bridges and Local pairs."""
    found: dict[Leg, None] = {leg: None}
    if leg.mate is not None:
        found[leg.mate] = None
    ahead = list(found)
    visited: set[Bridge] = set()
    while ahead:
        bridge = ahead.pop().bridge
        if bridge is None or bridge.is_holding or bridge in visited:
            continue
        visited.add(bridge)
        for member in bridge.members:
            if member in found:
                continue
            found[member] = None
            ahead.append(member)
            mate = member.mate
            if mate is not None and mate not in found:
                found[mate] = None
                ahead.append(mate)
    return [member for member in found if member.is_real]
