"""The hub's side of the AMI connector in tests: ports that keep what they are given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.ami.config import AmiConfig, AmiLimits, AmiWaits
from connectors.ami.connector import AmiConnector
from hub.clock import SystemClock
from hub.events.base import Event
from hub.events.calls import CallFact, CallSnapshot
from hub.ports.connector import ConnectorState
from hub.ports.errors import NotReady
from hub.ports.intake import Arrival
from tests.connectors.ami.ami_server import AmiServer
from tests.patience import within

QUICK = AmiWaits(
    connect=0.5, banner=0.1, login=0.5, identify=0.1, boot=0.3, answer=0.3, ping_interval=0.2,
    ping_deadline=0.3, settle=0.01, snapshot_retry=(0.05, 0.05), tick=0.05, drain=0.3, close=0.2,
)  # fmt: skip
STEADY = replace(QUICK, ping_interval=30.0, ping_deadline=60.0, answer=20.0)
"""A line that a pause of the machine does not cut."""


@dataclass
class KeptIntake:
    """Takes facts as the hub does: the second arrival of an id is silence. Can be locked."""

    batches: list[list[Arrival]] = field(default_factory=list)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    repeated: int = 0
    _ids: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.is_open.set()

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        await self.is_open.wait()
        fresh: list[Arrival] = []
        for arrival in arrivals:
            key = (arrival.source, arrival.external_id)
            self.repeated += key in self._ids
            if key not in self._ids:
                self._ids.add(key)
                fresh.append(arrival)
        self.batches.append(fresh)

    @property
    def events(self) -> list[Event]:
        return [arrival.event for batch in self.batches for arrival in batch]


@dataclass
class KeptJournal:
    """Every line in order."""

    lines: list[tuple[int, datetime, bytes]] = field(default_factory=list)

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        assert source == "ami"
        self.lines += [(session, at, one) for one in raw]

    @property
    def texts(self) -> list[str]:
        """The first line of each."""
        return [raw.split(b"\r\n")[0].decode() for _, _, raw in self.lines]


@dataclass
class KeptStatus:
    """What the connector said of itself."""

    said: list[tuple[ConnectorState, str]] = field(default_factory=list)

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        self.said.append((state, text))

    @property
    def states(self) -> list[str]:
        return [state for state, _ in self.said]


class Hub:
    """A connector with its ports, and a supervisor without patience."""

    def __init__(self, config: AmiConfig) -> None:
        self.intake = KeptIntake()
        self.journal = KeptJournal()
        self.status = KeptStatus()
        self.connector = AmiConnector(config, self.journal, SystemClock())
        self.failures: list[str] = []

    async def run_for_ever(self, pause: float = 0.02) -> None:
        while True:
            try:
                await self.connector.run(self.intake, self.status)
            except NotReady as error:
                self.failures.append(error.text)
                await asyncio.sleep(pause)

    def of(self, kind: type[Event]) -> list[Event]:
        """The stored facts of one kind."""
        return [event for event in self.intake.events if isinstance(event, kind)]

    @property
    def calls(self) -> dict[str, CallSnapshot]:
        """Every call as it stands after its last fact."""
        facts = [event for event in self.intake.events if isinstance(event, CallFact)]
        return {fact.call.call_id: fact.call for fact in sorted(facts, key=lambda fact: fact.step)}


def config_for(server: AmiServer, waits: AmiWaits = QUICK, **limits: int) -> AmiConfig:
    return AmiConfig(
        host="127.0.0.1",
        port=server.port,
        username="hub",
        secret="geheim",
        trunks=("trunk*",),
        waits=waits,
        limits=replace(AmiLimits(), **limits),
    )


@asynccontextmanager
async def hub_on(server: AmiServer, waits: AmiWaits = QUICK, **limits: int) -> AsyncIterator[Hub]:
    """A hub that follows a PBX for the length of a test."""
    hub = Hub(config_for(server, waits, **limits))
    running = asyncio.create_task(hub.run_for_ever())
    try:
        yield hub
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + within(seconds)
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.005)
