"""How long the outside party was joined with a person of ours, and how long of it on hold."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.ami.tracker.moments import Moment


@dataclass(slots=True)
class TalkClock:
    """A stopwatch with two hands."""

    talk: float = 0.0
    hold: float = 0.0
    is_talking: bool = False
    is_holding: bool = False
    since: Moment | None = None

    def turn(self, now: Moment, is_talking: bool, is_holding: bool) -> None:
        """Count what has passed, then go on in the new way. Where nothing changes, our own clock is not
        mixed into what began by the PBX's."""
        is_holding = is_talking and is_holding
        is_same = (is_talking, is_holding) == (self.is_talking, self.is_holding)
        if is_same and now.stamp is None and self.since is not None and self.since.stamp is not None:
            return
        if self.is_talking and self.since is not None:
            passed = now.since(self.since)
            self.talk += passed
            if self.is_holding:
                self.hold += passed
        self.since = now
        self.is_talking = is_talking
        self.is_holding = is_holding
