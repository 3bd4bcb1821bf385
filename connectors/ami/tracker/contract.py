"""What goes into the tracker and what comes out: settings, snapshots of the PBX, facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.ami.message import Message
from hub.events.calls import CallbackAsked, CallFact, CallMerged
from hub.events.commands import CommandSeen
from hub.events.recordings import RecordingNamed, RecordingNoticed

STEPS_FROM = 1_577_836_800
"""The steps of a call that was met on its way begin with the seconds since this moment: above any that
a former life of the hub has told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """`trunks` and `machines` are patterns of endpoint names: outside lines, and robots of ours
    that answer like a phone but are nobody. `country` is the shop's, for numbers."""

    pbx: str = "ami"
    trunks: tuple[str, ...] = ("trunk*",)
    machines: tuple[str, ...] = ()
    country: str = "UA"
    short_call_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class TrackedFact:
    """A fact for the intake; `external_id` is the same whenever the same bytes are read again."""

    external_id: str
    occurred_at: datetime
    event: CallFact | CallMerged | CallbackAsked | CommandSeen | RecordingNamed | RecordingNoticed


@dataclass(frozen=True, slots=True)
class PbxSnapshot:
    """What the PBX answered when it was asked for everything that lives in it now. Not `is_whole`: we
    may not see all channels, so that what is shown lives, and of the rest nothing is known."""

    channels: tuple[Message, ...]
    status: tuple[Message, ...]
    queues: tuple[Message, ...]
    parked: tuple[Message, ...]
    bridges: tuple[Message, ...] = ()
    is_whole: bool = True
    devices: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the comparison gave: `closed` calls whose end nobody saw, `adopted` calls met on their way."""

    facts: list[TrackedFact]
    closed: int
    adopted: int
