"""What the hub asks of a PBX link besides listening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from hub.events.calls import CallSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A SIP endpoint of the PBX; `is_trunk` by the present patterns of outside lines."""

    name: str
    state: str
    is_trunk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `pitline doctor ami` and of the settings page: what was checked, how it stands
    (`ok`, `warning`, `problem`), and what to do next."""

    level: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Whether the line to the PBX is up, and since when it is as it is."""

    is_up: bool
    since: datetime
    text: str
    pbx_version: str = ""


@runtime_checkable
class Telephony(Protocol):
    """The PBX link as pages see it."""

    @property
    def name(self) -> str:
        """The connector's name."""
        ...

    def link(self) -> LinkState:
        """How the line to the PBX is now."""
        ...

    async def endpoints(self) -> Sequence[Endpoint]:
        """The PBX's endpoints. Raises ConnectorError where it cannot be asked."""
        ...

    async def examine(self) -> Sequence[Finding]:
        """Ask the PBX everything that we need of it, and say in words what is wrong."""
        ...

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Which endpoints are outside lines (fnmatch patterns), for calls that begin from now on."""
        ...


@runtime_checkable
class RecordsCalls(Protocol):
    """A link that has the PBX record calls by orders of its own."""

    def record_only_agreed(self, is_needed: bool) -> None:
        """Whether a call may be recorded only once the caller has said yes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as it was last stored, and the step of the fact that it shows."""

    step: int
    call: CallSnapshot


class CallMemory(Protocol):
    """What the house had stored of calls before this link began."""

    async def living(self) -> Sequence[StoredCall]:
        """Those that have not ended. Waits and tries again while the database is away."""
        ...

    def last_seen(self) -> datetime | None:
        """When whoever followed the calls before us was last seen, if that was killed: since then
        nobody has listened."""
        ...


@runtime_checkable
class RemembersCalls(Protocol):
    """A link that takes up, when the hub starts, the calls that its former life had followed."""

    def remember(self, memory: CallMemory) -> None:
        """Where to ask; told before the first `run`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A scripted call that the practice exchange can play on demand."""

    name: str
    title: str


@runtime_checkable
class PracticeExchange(Protocol):
    """The built-in exchange of the demo: rings when it is told to."""

    def rehearsals(self) -> Sequence[Rehearsal]:
        """What can be played."""
        ...

    async def play(self, name: str) -> None:
        """Play one call now, beside what goes on. Raises KeyError for an unknown name."""
        ...
