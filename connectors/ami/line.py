"""The side of the line to the PBX that runs in a process of its own: an AmiConnector whose hub is at the
other end of a wire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from connectors.ami import wire
from connectors.ami.config import AmiConfig
from connectors.ami.connector import AmiConnector
from hub.clock import Clock
from hub.ports.apart import Peer
from hub.ports.commands import CommandResult
from hub.ports.connector import ConnectorState
from hub.ports.intake import Arrival
from hub.ports.journal import Journal
from hub.ports.telephony import Endpoint, Finding, StoredCall

_COUNTED_EVERY = 1.0


class Line:
    """What the hub asks is answered by an AmiConnector, which is made when the hub names the PBX."""

    def __init__(self, hub: Peer, journal: Journal, clock: Clock) -> None:
        self._hub = hub
        self._journal = journal
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        hub.answer(wire.FOLLOW, self._follow)

    async def stop(self) -> None:
        """Log off; for when the hub is gone or says goodbye."""
        if self._counting is not None:
            self._counting.cancel()
        await self._halt(None)

    async def _follow(self, config: AmiConfig) -> None:
        """Anew where the hub has asked before and did not wait for the answer."""
        await self.stop()
        hub = self._hub
        self._connector = connector = AmiConnector(config, self._journal, self._clock)
        connector.remember(_Memory(hub))
        connector.on_change = self._stand
        hub.answer(wire.RUN, self._run)
        hub.answer(wire.HALT, self._halt)
        hub.answer(wire.ENDPOINTS, self._endpoints)
        hub.answer(wire.EXAMINE, self._examine)
        hub.answer(wire.CARRY_OUT, self._carry_out)
        hub.hear(wire.FORGET, lambda _: connector.forget())
        hub.hear(wire.DROP_LINE, lambda _: connector.drop_line())
        hub.hear(wire.TRUNKS, connector.set_trunks)
        hub.hear(wire.ONLY_AGREED, connector.record_only_agreed)
        self._counting = asyncio.create_task(self._count(), name="count")

    async def _run(self, _: None) -> None:
        running = asyncio.create_task(self._connector.run(_Intake(self._hub), _Status(self._hub)), name="ami")
        self._running = running
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()

    async def _halt(self, _: None) -> None:
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _endpoints(self, _: None) -> Sequence[Endpoint]:
        return await self._connector.endpoints()

    async def _examine(self, _: None) -> Sequence[Finding]:
        return await self._connector.examine()

    async def _carry_out(self, order: wire.Named) -> CommandResult:
        return await self._connector.carry_out(wire.ORDERS.read(order))

    def _stand(self) -> None:
        line = self._connector
        self._hub.tell(
            wire.STANDS, wire.Standing(link=line.link(), takes_orders=line.takes_orders, lacks=line.lacks())
        )

    async def _count(self) -> None:
        told: dict[str, float] = {}
        while True:
            await asyncio.sleep(_COUNTED_EVERY)
            figures = dict(self._connector.statistics())
            if figures != told:
                self._hub.tell(wire.COUNTED, figures)
                told = figures


class _Intake:
    """Implements ports.intake.Intake: stored is what the hub says it has committed."""

    def __init__(self, hub: Peer) -> None:
        self._hub = hub

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """One batch at a time: a hub that is slow fills our inbox, which is bounded, and no wire."""
        await self._hub.ask(wire.ACCEPT, [wire.Brought.of(arrival) for arrival in arrivals])


class _Status:
    """Implements ports.connector.Status."""

    def __init__(self, hub: Peer) -> None:
        self._hub = hub

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        """As the hub's own."""
        self._hub.tell(wire.REPORTED, wire.Report(state, text, details))


class _Memory:
    """Implements ports.telephony.CallMemory."""

    def __init__(self, hub: Peer) -> None:
        self._hub = hub
        self._last_seen: datetime | None = None

    async def living(self) -> Sequence[StoredCall]:
        """Those that have not ended."""
        remembered = await self._hub.ask(wire.REMEMBER, None)
        self._last_seen = remembered.last_seen
        return remembered.living

    def last_seen(self) -> datetime | None:
        """As it was told with them."""
        return self._last_seen
