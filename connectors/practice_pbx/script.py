"""A scripted call: a text table of who does what and when, and what must be true of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.practice_pbx import followme, inbound, outbound, transfers
from connectors.practice_pbx.conversation import Conversation

Verb = Callable[[Conversation, str, str], None]

VERBS: Mapping[str, Verb] = {
    verb.__name__: verb
    for verb in (
        inbound.dials_in, inbound.hears, inbound.waits_in, inbound.rings, inbound.answers,
        inbound.declines, inbound.is_busy, inbound.is_given_up, inbound.leaves_message,
        inbound.is_sent_away, inbound.hangs_up, inbound.keeps_place,
        outbound.dials, outbound.is_ringing, outbound.is_engaged,
        transfers.holds, transfers.resumes, transfers.sends_to, transfers.parks, transfers.leaves,
        transfers.picks_up, transfers.consults, transfers.takes_consultation, transfers.hands_over,
        followme.rings_everywhere, followme.takes_the_mobile, followme.presses,
    )
}  # fmt: skip
"""Every word that a table may use."""


@dataclass(frozen=True, slots=True)
class Row:
    """At so many seconds of the call, somebody does something (to somebody)."""

    at: float
    who: str
    verb: Verb
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One call. `caller` names somebody of the cast; `truth` holds fields of the call as product and
    tracker name them (seconds as they pass at pace 1)."""

    name: str
    title: str
    caller: str = ""
    rows: tuple[Row, ...]
    truth: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long the call takes at a human's pace."""
        return self.rows[-1].at


def parse(table: str) -> tuple[Row, ...]:
    """The rows of a table: `at who verb [what]`, one a line. Raises ValueError naming a bad line."""
    rows: list[Row] = []
    for line in filter(None, map(str.strip, table.splitlines())):
        at, who, verb, *what = line.split()
        if verb not in VERBS:
            raise ValueError(f"no such deed in a script: {line!r}")
        if rows and float(at) < rows[-1].at:
            raise ValueError(f"time runs backwards in a script: {line!r}")
        rows.append(Row(float(at), who, VERBS[verb], " ".join(what)))
    return tuple(rows)
