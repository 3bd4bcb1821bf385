"""Whatever calls there are, and whatever is lost of them: nothing stuck, nothing invented."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ami.message import Message
from hub.events.calls import CallEnded, CallFact, CallMerged, CallStarted
from tests.connectors.ami.call_trees import MadeUpPbx, Plot, play_plot, plots
from tests.connectors.ami.streams import Played, play

seeds = st.randoms(use_true_random=False)


def _said(plot: Plot) -> list[Message]:
    pbx = MadeUpPbx()
    play_plot(pbx, plot)
    return pbx.said


def _check_what_always_holds(played: Played) -> None:
    ended: set[str] = set()
    merged: set[str] = set()
    steps: dict[str, int] = {}
    for fact in played.facts:
        event = fact.event
        if isinstance(event, CallMerged):
            assert event.call_id not in merged | ended
            merged.add(event.call_id)
            continue
        call = event.call
        assert call.call_id not in merged
        assert event.step == steps.get(call.call_id, 0) + 1
        assert isinstance(event, CallStarted) == (event.step == 1)
        steps[call.call_id] = event.step
        assert call.call_id not in ended or call.state == "ended"
        assert (call.state == "ended") == (call.result is not None)
        if call.state == "ended":
            ended.add(call.call_id)
        _check_seconds(event)
    assert set(steps) == ended | merged
    assert played.tracker.living == 0


def _check_seconds(event: CallFact) -> None:
    call = event.call
    assert 0 <= call.hold_seconds <= call.talk_seconds
    moments = [call.started_at, call.answered_at, call.ended_at]
    seen = [moment for moment in moments if moment is not None]
    assert seen == sorted(seen)
    if isinstance(event, CallEnded) and call.ended_at is not None:
        duration = (call.ended_at - call.started_at).total_seconds()
        assert call.talk_seconds <= duration + 0.05
        assert (call.wait_seconds or 0) <= duration + 0.05
    assert [one.at for one in call.transfers] == sorted(one.at for one in call.transfers)


@given(plot=plots)
@settings(max_examples=50, deadline=None)
def test_a_call_comes_out_as_its_plot_says(plot: Plot) -> None:
    played = play(_said(plot))
    _check_what_always_holds(played)
    answers = [extension for extension, outcome, _ in plot.rings if outcome == "ANSWER"]
    calls = played.calls()
    if plot.direction != "inbound" and not plot.rings:
        assert calls == []
        return
    (call,) = calls
    assert call.direction == plot.direction
    assert call.is_complete
    assert (call.result == "answered") == bool(answers)
    if answers and plot.direction == "inbound":
        assert call.answered_by == answers[0]
        assert [one.to for one in call.transfers] == list(plot.transfers)
        talked = plot.talk * (1 + len(plot.transfers)) + plot.hold
        assert abs(call.talk_seconds - talked) < 0.1


of_callers_who_hang_up = plots.map(lambda plot: replace(plot, ended_by="caller"))


@given(plots_of_a_day=st.lists(of_callers_who_hang_up, min_size=2, max_size=5), dice=seeds)
@settings(max_examples=25, deadline=None)
def test_calls_at_the_same_time_do_not_touch_each_other(
    plots_of_a_day: list[Plot], dice: random.Random
) -> None:
    pbx = MadeUpPbx()
    streams: list[list[Message]] = []
    for plot in plots_of_a_day:
        begin = len(pbx.said)
        pbx.now = dice.uniform(0, 10)
        play_plot(pbx, plot)
        streams.append(pbx.said[begin:])
    alone = [call for stream in streams for call in play(stream).calls()]
    together = play(sorted(pbx.said, key=lambda message: float(message.get("Timestamp"))))
    _check_what_always_holds(together)
    assert {call.call_id: call for call in together.calls()} == {call.call_id: call for call in alone}


@given(plot=plots, dice=seeds, loss=st.floats(0, 0.5))
@settings(max_examples=50, deadline=None)
def test_lost_and_swapped_events_leave_no_call_stuck(plot: Plot, dice: random.Random, loss: float) -> None:
    messages = [message for message in _said(plot) if dice.random() >= loss]
    for _ in range(dice.randrange(5)):
        if messages:
            one, other = dice.randrange(len(messages)), dice.randrange(len(messages))
            messages[one], messages[other] = messages[other], messages[one]
    played = play(messages)
    played.facts += played.tracker.expire(played.at + timedelta(hours=13))
    played.facts += played.tracker.expire(played.at + timedelta(hours=26))
    _check_what_always_holds(played)


@given(plot=plots, dice=seeds)
@settings(max_examples=50, deadline=None)
def test_any_order_of_a_call_s_events_leaves_it_ended(plot: Plot, dice: random.Random) -> None:
    messages = _said(plot)
    dice.shuffle(messages)
    played = play(messages)
    assert [call for call in played.calls() if call.state != "ended"] == []


@given(plot=plots, times=st.integers(2, 5))
@settings(max_examples=25, deadline=None)
def test_repeated_events_change_nothing(plot: Plot, times: int) -> None:
    messages = _said(plot)
    assert play(messages, times=times).facts == play(messages).facts
