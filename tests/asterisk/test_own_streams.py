"""The recorded scenarios of tests/streams/own: what the phones made is what the tracker says.

Each stream is there twice: with every event class, and as our own AMI user sees it (`.lean`). The second
proves that the rights and filters of config/asterisk/manager.conf leave nothing out that a call needs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.connectors.ami.streams import Played, Truth, faults, play_sessions, read_messages

OWN = Path(__file__).resolve().parents[1] / "streams" / "own"


def _truths(suffix: str) -> list[Truth]:
    truths = []
    for path in sorted(OWN.glob("*.json")):
        row = json.loads(path.read_text())
        sessions = tuple(OWN / f"{name}{suffix}" for name in row["sessions"])
        truths.append(Truth(path.stem, sessions, row["calls_in_all"], tuple(row["expect"])))
    return truths


def _played(truth: Truth) -> Played:
    """All sessions of one boot, each with the pictures that were asked for after its log-in."""
    return play_sessions([read_messages(path) for path in truth.sessions], ["boot"] * len(truth.sessions))


@pytest.mark.parametrize("truth", _truths(".ami.gz"), ids=str)
def test_a_stream_of_every_event_gives_the_calls_that_the_phones_made(truth: Truth) -> None:
    assert faults(truth, _played(truth)) == []


@pytest.mark.parametrize("truth", _truths(".lean.ami.gz"), ids=str)
def test_what_our_own_ami_user_sees_is_enough_for_the_same_calls(truth: Truth) -> None:
    assert faults(truth, _played(truth)) == []


def test_the_streams_are_there() -> None:
    assert len(_truths(".ami.gz")) > 15
