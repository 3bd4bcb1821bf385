"""The recorded scenarios of tests/streams/own: what the phones made is what the tracker says.

Each stream is there twice: with every event class, and as our own AMI user sees it (`.lean`). The second
proves that the rights and filters of config/asterisk/manager.conf leave nothing out that a call needs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.connectors.ami.streams import Truth, faults, play, play_sessions, read_arrivals, read_messages

OWN = Path(__file__).resolve().parents[1] / "streams" / "own"


def _truths(suffix: str) -> list[Truth]:
    truths = []
    for path in sorted(OWN.glob("*.json")):
        row = json.loads(path.read_text())
        sessions = tuple(OWN / f"{name}{suffix}" for name in row["sessions"])
        truths.append(Truth(path.stem, sessions, row["calls_in_all"], tuple(row["expect"])))
    return truths


EVERY_EVENT, OUR_USER = _truths(".ami.gz"), _truths(".lean.ami.gz")
OF_ONE_SESSION = [truth for truth in (*EVERY_EVENT, *OUR_USER) if len(truth.sessions) == 1]
WITH_GAPS = [truth for truth in (*EVERY_EVENT, *OUR_USER) if len(truth.sessions) > 1]


def _name(truth: Truth) -> str:
    return truth.sessions[0].name.removesuffix(".ami.gz")


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=_name)
def test_a_stream_gives_the_calls_that_the_phones_made(truth: Truth) -> None:
    assert faults(truth, play(read_messages(truth.sessions[0]))) == []


@pytest.mark.parametrize("truth", WITH_GAPS, ids=_name)
def test_a_gap_leaves_no_ghost_and_no_invented_end(truth: Truth) -> None:
    sessions = [read_arrivals(path) for path in truth.sessions]
    assert faults(truth, play_sessions(sessions, ["boot"] * len(sessions))) == []


def test_the_streams_are_there() -> None:
    assert len(OF_ONE_SESSION) > 50
    assert len(WITH_GAPS) >= 6
