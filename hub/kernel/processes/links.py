"""The links to the outside as this process has them: it waits for its turn, works while the lease is
its own, and knows of the others who holds them and how they are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from hub.errors import Unavailable
from hub.kernel.processes.leases import Fence, Holding, Leases
from hub.kernel.stream.intake import FencedIntake, GroupIntake
from hub.log import get_logger
from hub.ports.commands import CallControl, Command, CommandKind, CommandResult
from hub.ports.connector import Health, Status
from hub.ports.errors import LinkTaken
from hub.ports.intake import Intake
from hub.ports.telephony import Endpoint, Finding, LinkState, RecordsCalls, Telephony

Run = Callable[[Intake], Awaitable[None]]


class Links:
    """Holds links for the supervisor. `elsewhere`: those that other processes hold, by name."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._log = get_logger("hub.links")
        self.elsewhere: dict[str, Holding] = {}
        self.takeovers = 0
        self.losses = 0

    async def hold(
        self, name: str, status: Status, health: Callable[[], Health], intake: GroupIntake, run: Run
    ) -> None:
        """Wait until the link is ours and run, until it is lost; then let it go. `health` is what the
        other processes are told."""
        fence = await self._wait(name, status)
        self.takeovers += 1
        self._log.info("this process holds the link", link=name, fence=fence.token)
        work = asyncio.ensure_future(run(FencedIntake(intake, fence)))
        keep = asyncio.create_task(self._keep(fence, health), name=f"lease-{name}")
        try:
            await asyncio.wait({work, keep}, return_when=asyncio.FIRST_COMPLETED)
            self.losses += 1
            self._log.warning("another process took the link over", link=name, fence=fence.token)
        finally:
            work.cancel()
            (ended,) = await asyncio.gather(work, return_exceptions=True)
            keep.cancel()
            await asyncio.gather(keep, return_exceptions=True)
            with suppress(Unavailable):
                await self._leases.release(fence)
        if isinstance(ended, Exception) and not isinstance(ended, LinkTaken):
            raise ended

    async def _wait(self, name: str, status: Status) -> Fence:
        while True:
            try:
                found = await self._leases.take(name)
            except Unavailable as fault:
                status.report("not_ready", fault.text)
            else:
                if isinstance(found, Fence):
                    self.elsewhere.pop(name, None)
                    status.report("starting", "This process has just taken the link.")
                    return found
                self.elsewhere[name] = found
                status.report("elsewhere", _told(found), there=found.health.state)
            # Jitter: the processes of a network must not ask in step.
            await asyncio.sleep(self._leases.seconds / 8 * random.uniform(0.75, 1.25))  # noqa: S311 - a rhythm, not a secret

    async def _keep(self, fence: Fence, health: Callable[[], Health]) -> None:
        """Renew until it is lost. While the database is away nobody else can take it either."""
        while True:
            with suppress(Unavailable):
                if not await self._leases.renew(fence, health()):
                    return
            await asyncio.sleep(self._leases.seconds / 4)


class SharedTelephony:
    """The PBX as pages of any process see it: its state is what the holder of the link says."""

    def __init__(self, own: Telephony, links: Links) -> None:
        self._own = own
        self._links = links

    @property
    def name(self) -> str:
        return self._own.name

    def link(self) -> LinkState:
        """How the line to the PBX is, here or where it is held."""
        held = self._links.elsewhere.get(self._own.name)
        if held is None:
            return self._own.link()
        health = held.health
        return LinkState(is_up=health.state == "ready", since=health.since, text=health.text)

    async def endpoints(self) -> Sequence[Endpoint]:
        """As the link's own, which opens a line for the question where it holds none."""
        return await self._own.endpoints()

    async def examine(self) -> Sequence[Finding]:
        """As the link's own."""
        return await self._own.examine()

    @property
    def takes_orders(self) -> bool:
        """Only where the line is held; the other processes store what is wanted."""
        return isinstance(self._own, CallControl) and self._own.takes_orders

    def lacks(self) -> Mapping[CommandKind, str]:
        """As far as this process was told."""
        return self._own.lacks() if isinstance(self._own, CallControl) else {}

    async def carry_out(self, command: Command) -> CommandResult:
        """As the link's own."""
        if isinstance(self._own, CallControl):
            return await self._own.carry_out(command)
        return CommandResult(kind="unsent")

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """For this process; the others read them from the settings."""
        self._own.set_trunks(patterns)

    def record_only_agreed(self, is_needed: bool) -> None:
        """As the link's own."""
        if isinstance(self._own, RecordsCalls):
            self._own.record_only_agreed(is_needed)


def _told(held: Holding) -> str:
    said = held.health.text or held.health.state
    return f"Held by {held.owner}; there: {said}"
