"""One lost message: what betrays it marks the call as incomplete."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import Tracker
from hub.events.calls import CallSnapshot
from tests.connectors.ami.streams import Truth, examples, play, read_messages, recordings

OF_ONE_SESSION = [truth for truth in (*examples(), *recordings()) if len(truth.sessions) == 1]
LONG = 300


def _told(call: CallSnapshot) -> dict[str, object]:
    names = ("direction", "from_number", "to_number", "queue", "result", "answered_by", "last_extension")
    parties = {party.extension or party.number: party.outcome for party in call.parties}
    transfers = [(one.kind, one.from_extension, one.to) for one in call.transfers]
    return {name: getattr(call, name) for name in names} | {"parties": parties, "transfers": transfers}


def _is_wrong_and_certain(messages: list[Message], lost: int, truth: dict[str, dict[str, object]]) -> bool:
    calls = play([*messages[:lost], *messages[lost + 1 :]]).calls()
    return any(call.is_complete and truth.get(call.call_id) != _told(call) for call in calls)


def _of(truth: Truth) -> list[Message]:
    return [message for message in read_messages(truth.sessions[0]) if message.name in Tracker.WANTED]


def _losses(names: set[str]) -> Iterator[tuple[str, list[Message], int]]:
    for truth in OF_ONE_SESSION:
        messages = _of(truth)
        if len(messages) <= LONG:
            for at, message in enumerate(messages):
                if message.name in names:
                    yield f"{truth} at {at}", messages, at


@pytest.mark.parametrize(
    ("name", "unnoticed"),
    [
        ("QueueCallerJoin", 0),
        ("DialBegin", 0),
        ("ParkedCall", 1),
        ("BlindTransfer", 3),
        ("AttendedTransfer", 5),
    ],
)
def test_a_lost_message_of_this_kind_is_noticed(name: str, unnoticed: int) -> None:
    """Unnoticed are transfers by feature code and blond ones, and parkings by the lot's own number: the
    PBX does and says nothing else then that a redirect by AMI would not."""
    wrong = []
    for where, messages, at in _losses({name}):
        truth = {call.call_id: _told(call) for call in play(messages).calls()}
        if _is_wrong_and_certain(messages, at, truth):
            wrong.append(where)
    assert len(wrong) <= unnoticed, wrong


def test_of_all_single_losses_few_leave_a_wrong_call_that_is_told_as_complete() -> None:
    dice, seed = random.Random(22), 22
    wrong: Counter[str] = Counter()
    count = 0
    for truth in OF_ONE_SESSION:
        messages = _of(truth)
        if len(messages) > LONG:
            continue
        told = {call.call_id: _told(call) for call in play(messages).calls()}
        for at in dice.sample(range(len(messages)), min(6, len(messages))):
            count += 1
            if _is_wrong_and_certain(messages, at, told):
                wrong[messages[at].name] += 1
    assert wrong.total() <= count / 100, f"seed {seed}: {wrong} of {count}"
