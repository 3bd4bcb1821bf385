"""What a connector is to the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from hub.ports.intake import Intake

ConnectorState = Literal[
    "off", "starting", "ready", "not_ready", "auth_failed", "contested", "error", "stopped", "elsewhere"
]
"""`contested`: another program takes from the other side what is ours. `elsewhere`: another process holds the
link; the text says which one, and how the link is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a connector is, for /readyz and /system. `text` says why in a person's words; `details`
    are further lines (version of the PBX, dropped messages, ...)."""

    state: ConnectorState
    since: datetime
    text: str
    details: Mapping[str, str] = field(default_factory=dict)


class Status(Protocol):
    """Where a running connector says how it is; the supervisor keeps and dates it."""

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        """Tell the present state. A repeated state keeps its `since`."""
        ...


class Connector(Protocol):
    """One link to the outside. The supervisor calls `run` again after every failure:
    NotReady after 0.5, 1, 2 .. 60 s with jitter, AuthFailed after minutes, loudly."""

    @property
    def name(self) -> str:
        """The name on /system and in the settings, e.g. `ami`."""
        ...

    async def run(self, intake: Intake, status: Status) -> None:
        """Connect and work until cancelled (then clean up within 5 s), or raise."""
        ...


@runtime_checkable
class HandedOver(Protocol):
    """A connector that keeps something of the other side between its runs."""

    def forget(self) -> None:
        """Another process went on with this link: what we knew of the other side is out of date."""
        ...


@runtime_checkable
class RunsEverywhere(Protocol):
    """A connector without a link to share: every process runs its own."""

    @property
    def runs_everywhere(self) -> bool: ...


@runtime_checkable
class Measured(Protocol):
    """A connector that counts: its figures stand in /metrics as `pitline_<connector>_<figure>`."""

    def statistics(self) -> Mapping[str, float]:
        """Counters and gauges, over all sessions of this process."""
        ...
