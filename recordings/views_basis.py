"""What is given out of a call's ground and of its pauses: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Words
from recordings.models_basis import PauseState, StopState
from recordings.rules_basis import Consent, Notice, Policy, Profile

CallRecordingState = Literal[
    "not_known", "recording", "pausing", "paused", "resuming", "stopping", "stopped", "over"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisView:
    """What a call is recorded on. `stop_rule`: its recording was ended for that reason, `stop_erases`: and is
    erased; `stop_state` None: nobody stopped it."""

    call_id: str
    rev: int = 0
    notice: Notice = "none"
    consent: Consent | None = None
    noted_at: datetime | None = None
    noted_name: Words = ""
    stop_rule: str | None = None
    stop_erases: bool = False
    stop_reason: Words = ""
    stop_state: StopState | None = None
    stop_wanted_at: datetime | None = None
    stop_done_at: datetime | None = None
    stop_by: str | None = None
    stop_name: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseView:
    """A stretch that is not in the recording: from when the PBX said so to when it was told to go on."""

    id: str
    rev: int
    call_id: str
    state: PauseState
    name: Words
    wanted_at: datetime
    until_at: datetime
    from_at: datetime | None
    to_at: datetime | None
    ended_by: str
    ended_name: Words

    @property
    def is_open(self) -> bool:
        """Whether it goes on, or is about to."""
        return self.state in ("wanted", "paused", "resuming")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecordingView:
    """How it stands with the recording of one call. `is_line_up`: the PBX can be told something now."""

    call_id: str
    state: CallRecordingState
    profile: Profile
    basis: BasisView
    pauses: tuple[PauseView, ...]
    is_line_up: bool
    policy: Policy

    @property
    def pause(self) -> PauseView | None:
        """The one that goes on."""
        return next((one for one in reversed(self.pauses) if one.is_open), None)

    @property
    def failed(self) -> PauseView | None:
        """The last one, where the PBX was not seen to do it."""
        last = self.pauses[-1] if self.pauses else None
        return last if last is not None and last.state == "failed" else None
