"""What a shop's calls do not need, left at the PBX where its version lets us say so.

The `Filter` action adds filters to our session alone (write right `system`); since 18.25, 20.10,
21.5 and 22.0 a filter names an event and costs the PBX one comparison. Older ones would run a
regular expression over every event: there, and where filtering is refused, the framer drops by name.
"""

from __future__ import annotations

from connectors.ami.actions import Action

NOISE = (
    "CEL", "TestEvent", "RTCPSent", "RTCPReceived", "ChallengeSent", "SuccessfulAuth", "DialState",
    "BridgeCreate", "BridgeDestroy", "HangupHandlerPush", "HangupHandlerRun", "HangupHandlerPop",
    "MusicOnHoldStart", "MusicOnHoldStop",
)  # fmt: skip

# Kept in the journal beside what the tracker reads: they say what people saw,
# so that a rule of next month can be tried on the calls of this one.
JOURNALLED = frozenset({
    "MixMonitorStart", "MixMonitorStop", "MixMonitorMute", "NewConnectedLine", "NewCallerid",
    "AgentCalled", "AgentConnect", "AgentRingNoAnswer", "QueueCallerAbandon", "BridgeMerge",
    "ChanSpyStart", "ChanSpyStop", "ParkedCallGiveUp", "ParkedCallSwap", "Reload",
})  # fmt: skip

# POSIX expressions cannot say "not": these are all names that do not begin with MIXM.
_NOT_MIXMONITOR = "^([^M]|M[^I]|MI[^X]|MIX[^M]|(M|MI|MIX)$)"

_CLASS_OF_DTMF = "DTMF"


def filter_actions(wanted: frozenset[str]) -> tuple[Action, ...]:
    """One action per kind of noise that nobody wants."""
    names = [name for name in NOISE if name not in wanted]
    actions = [_exclude(f"action(exclude),name({name})", "") for name in names]
    variables = "action(exclude),name(VarSet),header(Variable),method(regex)"
    actions.append(_exclude(variables, _NOT_MIXMONITOR))
    return tuple(actions)


def event_mask(wanted: frozenset[str]) -> str:
    """The classes of events to log in for; Asterisk sends those of them that we may read."""
    classes = ["system", "call", "agent", "user", "dialplan"]
    if any(name.startswith(_CLASS_OF_DTMF) for name in wanted):
        classes.append("dtmf")
    if "Cdr" in wanted:
        classes.append("cdr")
    return ",".join(classes)


def _exclude(criteria: str, expression: str) -> Action:
    headers = (("Operation", "Add"), ("MatchCriteria", criteria), ("Filter", expression))
    return Action("Filter", headers)
