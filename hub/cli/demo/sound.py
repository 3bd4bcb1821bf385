"""Sound of the demo shop's last calls, so that there is something to hear from the first minute. The practice
exchange makes it, as of the calls that it plays later; the hub takes it from the spool like any recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connectors.practice_pbx.sound import leave
from hub.cli.demo.history import PastCall
from hub.cli.demo.notes import FRIDAY_NOTE
from hub.events.calls import CallSnapshot

_LAST = 12
"""So many are heard: some 30 MB."""


def leave_sound(spool: Path, history: Sequence[PastCall]) -> None:
    """Of the last talks, and of the one that the first ringing of the demo refers to. It blocks."""
    for call in heard(history):
        if call.ended_at is not None:
            leave(spool, f"{call.legs[0].uniqueid}.wav", call.talk_seconds, call.ended_at.timestamp())


def heard(history: Sequence[PastCall]) -> list[CallSnapshot]:
    """Whose sound there is, oldest first."""
    talks = [past for past in history if past.call.result == "answered"]
    told = [past for past in talks[:-_LAST] if past.note == FRIDAY_NOTE]
    return [past.call for past in (*told, *talks[-_LAST:])]
