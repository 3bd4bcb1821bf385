"""The hub's side of a line that is held in a process of its own, in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.ami.apart import AmiApart
from connectors.ami.config import AmiConfig
from hub.clock import SystemClock
from hub.events.calls import CallFact, PbxLinkRestored
from hub.kernel.journal.files import FileJournal
from hub.kernel.processes.apart import ProcessApart, Setup
from hub.ports.errors import NotReady
from hub.ports.telephony import StoredCall
from tests.connectors.ami.ami_server import AmiServer, channel, frame
from tests.connectors.ami.hub_side import KeptIntake, KeptStatus, config_for, until

TRUNK = "PJSIP/trunk-00000001"
BEGINS = 20.0


def new_call(uniqueid: str = "1.1") -> bytes:
    """A caller comes in by the trunk."""
    return frame("Event: Newchannel", **channel(TRUNK, uniqueid))


def hang_up(uniqueid: str = "1.1") -> bytes:
    return frame("Event: Hangup", **channel(TRUNK, uniqueid), Cause="16")


@dataclass
class Memory:
    """What stands in the intake, as the hub would read it from its database."""

    intake: KeptIntake
    asked: int = 0
    last: datetime | None = None

    async def living(self) -> Sequence[StoredCall]:
        self.asked += 1
        newest = {
            one.call.call_id: one for one in self.intake.events if isinstance(one, CallFact)
        }  # the last fact of each
        return [
            StoredCall(step=one.step, call=one.call) for one in newest.values() if one.call.state != "ended"
        ]

    def last_seen(self) -> datetime | None:
        return self.last


@dataclass
class House:
    """The hub's side of a line that is held apart."""

    line: AmiApart
    process: ProcessApart
    journal: FileJournal
    folder: Path
    intake: KeptIntake
    memory: Memory
    status: KeptStatus = field(default_factory=KeptStatus)
    failures: list[str] = field(default_factory=list)

    async def run_for_ever(self) -> None:
        while True:
            try:
                await self.line.run(self.intake, self.status)
            except NotReady as error:
                self.failures.append(error.text)
                await asyncio.sleep(0.02)

    @property
    def facts(self) -> list[CallFact]:
        return [one for one in self.intake.events if isinstance(one, CallFact)]

    @property
    def states(self) -> list[str]:
        return [one.call.state for one in self.facts]

    @property
    def restored(self) -> list[PbxLinkRestored]:
        return [one for one in self.intake.events if isinstance(one, PbxLinkRestored)]

    async def up(self, times: int = 1) -> None:
        await until(lambda: len(self.restored) >= times and self.line.takes_orders, BEGINS)

    @property
    def pid(self) -> int:
        return self.process.pid


def house_on(config: AmiConfig, folder: Path) -> House:
    journal = FileJournal(folder, 30)
    setup = Setup(log_level="info", journal_folder=str(folder))
    process = ProcessApart("hub.line", setup, journal)
    line = AmiApart(config, process, SystemClock())
    intake = KeptIntake()
    memory = Memory(intake)
    line.remember(memory)
    return House(line, process, journal, folder, intake, memory)


@asynccontextmanager
async def living_on(server: AmiServer, folder: Path, **limits: int) -> AsyncIterator[House]:
    """A house whose line runs for the length of a test."""
    house = house_on(config_for(server, **limits), folder)
    running = asyncio.create_task(house.run_for_ever())
    try:
        yield house
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await house.process.close()
