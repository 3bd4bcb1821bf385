"""Facts about outside lines: how many calls they carry, and when no further one gets through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkUse:
    """So many channels live on an endpoint of the PBX that is an outside line."""

    endpoint: str
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunksUsed(Event):
    """Outside lines carry another number of calls now. `is_whole`: the PBX was asked for all its channels, so
    an endpoint that is not here carries none."""

    name: ClassVar[str] = "pbx.trunks_used"
    pbx: str
    is_whole: bool
    trunks: tuple[TrunkUse, ...]

    @property
    def key(self) -> str:
        """The line's: what a lost line says stands in its order."""
        return f"pbx:{self.pbx}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFull(Event):
    """As many calls as an outside line carries go on: whoever rings now hears busy, and the PBX never learns
    of it. `trunk`: the pattern of endpoints, as the settings name it; `is_all`: so are all of the shop."""

    name: ClassVar[str] = "line.full"
    trunk: str
    lines: tuple[str, ...]
    capacity: int
    is_all: bool

    @property
    def key(self) -> str:
        return f"line:{self.trunk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFreed(Event):
    """Calls get through again. `full_since`: since when none did."""

    name: ClassVar[str] = "line.freed"
    trunk: str
    lines: tuple[str, ...]
    capacity: int
    is_all: bool
    full_since: datetime

    @property
    def key(self) -> str:
        return f"line:{self.trunk}"
