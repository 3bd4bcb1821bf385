"""The tracker makes of every script exactly the call that the script declares, and of nothing else one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import Tracker, TrackerSettings
from connectors.practice_pbx.model import Headers, render
from connectors.practice_pbx.rehearsals import REHEARSALS
from connectors.practice_pbx.script import Script
from hub.events.calls import CallbackAsked, CallEnded, CallFact, CallMerged, CallSnapshot

from .performing import MORNING, perform


def _told(messages: list[Headers]) -> list[CallSnapshot]:
    """The last word of the tracker on every call."""
    tracker = Tracker(TrackerSettings(country="UA"))
    tracker.session_started("boot", 1, MORNING)
    at = MORNING
    calls: dict[str, CallSnapshot] = {}
    for step in range(len(messages) + 1):
        if step < len(messages):
            raw = render(messages[step]).removesuffix(b"\r\n\r\n")
            facts = tracker.feed(Message("event", messages[step][0][1], raw), at)
        else:
            at += timedelta(minutes=10)
            facts = tracker.expire(at)
        for fact in facts:
            if isinstance(fact.event, CallMerged):
                calls.pop(fact.event.call_id, None)
            elif not isinstance(fact.event, CallbackAsked):
                assert isinstance(fact.event, CallFact)
                calls[fact.event.call.call_id] = fact.event.call
    assert tracker.living == 0
    return list(calls.values())


def _seen(call: CallSnapshot, field: str) -> Any:
    if field == "parties":
        return {party.extension or party.number: party.outcome for party in call.parties}
    if field == "transfers":
        return [(t.kind, t.from_extension, t.to) for t in call.transfers]
    return getattr(call, field)


@pytest.mark.parametrize("script", REHEARSALS, ids=lambda script: script.name)
def test_the_tracker_tells_the_scripts_truth(script: Script) -> None:
    (call,) = _told(perform(script))
    seen = {field: _seen(call, field) for field in script.truth}
    assert seen == dict(script.truth)
    assert call.state == "ended"
    assert call.is_complete


def test_a_hostile_name_arrives_as_it_was_sent() -> None:
    (script,) = [script for script in REHEARSALS if script.name == "hostile_name"]
    (call,) = _told(perform(script))
    assert call.caller_name is not None
    assert call.caller_name.startswith("<script>alert(1)</script>'; DROP TABLE")


def test_ended_is_said_once_for_every_call() -> None:
    for script in REHEARSALS:
        tracker = Tracker(TrackerSettings(country="UA"))
        tracker.session_started("boot", 1, MORNING)
        ended = 0
        for headers in perform(script):
            message = Message("event", headers[0][1], render(headers).removesuffix(b"\r\n\r\n"))
            ended += sum(isinstance(fact.event, CallEnded) for fact in tracker.feed(message, MORNING))
        assert ended == 1, script.name
