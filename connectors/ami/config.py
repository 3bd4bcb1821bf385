"""What the AMI link is told: where the PBX is, who we are there, and how long it waits for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.ami.pace import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiWaits:
    """Waits in seconds; settings, so that tests need not wait.

    A silent line is noticed after `ping_interval + ping_deadline` (8 s): under the 10 s that a
    receptionist may look at a dead board. `identify` bounds how long the first events are kept
    back until it is known which life of the PBX they belong to. `ringing`: how long, in a rush, the news of
    a phone that begins to ring waits for company."""

    connect: float = 5.0
    banner: float = 1.0
    login: float = 5.0
    identify: float = 0.8
    boot: float = 30.0
    answer: float = 5.0
    ping_interval: float = 3.0
    ping_deadline: float = 5.0
    settle: float = 0.2
    snapshot_retry: tuple[float, ...] = (5.0, 15.0, 60.0)
    tick: float = 1.0
    phones: float = 0.2
    ringing: float = LONGEST
    drain: float = 1.0
    close: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiLimits:
    """What is still taken in; more is dropped, counted and said."""

    queue_size: int = 50_000
    batch_size: int = 5_000
    facts_ahead: int = 1_000
    slice_seconds: float = 0.002
    frame_bytes: int = 1_000_000
    frame_headers: int = 10_000
    list_rows: int = 100_000
    boot_tolerance: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiConfig:
    """One PBX. `trunks` are fnmatch patterns of endpoint names that are outside lines, `machines` of those
    that answer but are nobody; `record` says what is recorded by our order, into that folder of the PBX; the
    secret is left out of every text that the program writes."""

    host: str
    username: str
    secret: str = field(repr=False)
    port: int = 5038
    pbx: str = "ami"
    trunks: tuple[str, ...] = ("trunk*",)
    machines: tuple[str, ...] = ()
    country: str = "UA"
    short_call_seconds: float = 5.0
    record: tuple[str, ...] = ()
    record_folder: str = ""
    waits: AmiWaits = field(default_factory=AmiWaits)
    limits: AmiLimits = field(default_factory=AmiLimits)

    @property
    def address(self) -> str:
        """`host:port`, for people."""
        return f"{self.host}:{self.port}"
