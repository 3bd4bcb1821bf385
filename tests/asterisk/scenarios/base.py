"""How a scenario is written down: a name, what happens in words, the dialplan, and the play itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.asterisk.configuration import Plan
from tests.asterisk.stage import Stage

# The lines of the FreePBX-shaped dialplan, as dialled and as E.164.
QUEUE_LINE = ("380670001122", "+380670001122")
DIRECT_LINE = ("380670001133", "+380670001133")
FOLLOW_LINE = ("380670001144", "+380670001144")
DEVICES_LINE = ("380670001155", "+380670001155")
IVR_LINE = ("0445003040", "+380445003040")
GROUP_LINE = ("0445003041", "+380445003041")
HOURS_LINE = ("0445003042", "+380445003042")
UNPLUGGED_LINE = ("0445003043", "+380445003043")
VOICEMAIL_LINE = ("0445003044", "+380445003044")
EMPTY_LINE = ("0445003045", "+380445003045")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One play."""

    name: str
    what: str
    play: Callable[[Stage], Awaitable[None]]
    plan: Plan = "freepbx"
    settings: Mapping[str, str] = field(default_factory=dict)
