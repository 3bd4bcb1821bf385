"""The hub's side of a line to the PBX that a process of its own holds: a connector of the same ports.

There the AmiConnector runs as it would here (`line.py`); here its facts are stored, one batch at a time, and
what the hub wants of it is passed on. Another process that had to be begun is to the calls what a restart
of the hub is: it asks for those that live, and the PBX's picture closes what nobody saw the end of.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.ami import wire
from connectors.ami.config import AmiConfig
from hub.clock import Clock
from hub.ports.apart import Apart, Peer
from hub.ports.commands import Command, CommandKind, CommandResult
from hub.ports.connector import Status
from hub.ports.errors import ConnectorError, Gone, NotReady
from hub.ports.intake import Intake
from hub.ports.telephony import CallMemory, Endpoint, Finding, LinkState

_BEGINS_WITHIN = 30.0
_HALTS_WITHIN = 3.0
_STORES_WITHIN = 1.0


class AmiApart:
    """A Connector and the Telephony of the pages, whose line is held elsewhere on this machine."""

    def __init__(self, config: AmiConfig, process: Apart, clock: Clock) -> None:
        self._config = config
        self._process = process
        self._clock = clock
        self._memory: CallMemory | None = None
        self._only_agreed: bool | None = None
        self._trunks: tuple[str, ...] | None = None
        self._peer: Peer | None = None
        self._greeting = asyncio.Lock()
        self._intake: Intake | None = None
        self._status: Status | None = None
        self._storing: asyncio.Task[None] | None = None
        self._unheard_since: datetime | None = None
        self._was_told = False
        self._figures: Mapping[str, float] = {}
        link = LinkState(is_up=False, since=clock.now(), text="not connected yet")
        self._standing = wire.Standing(link=link)

    @property
    def name(self) -> str:
        return "ami"

    async def run(self, intake: Intake, status: Status) -> None:
        """One session of the process that holds the line. Raises as that one does, and NotReady when it
        ends."""
        peer = await self._line()
        await self._stored()
        self._intake, self._status = intake, status
        try:
            await peer.ask(wire.RUN, None)
        except Gone as error:
            raise NotReady("the process that held the line to the PBX ended; another one is begun") from error
        finally:
            try:
                await self._halt(peer)
            finally:
                self._intake = self._status = None

    async def _halt(self, peer: Peer) -> None:
        """Till it has logged off, and what it brought is stored: the next run is a new one."""
        try:
            async with asyncio.timeout(_HALTS_WITHIN):
                await peer.ask(wire.HALT, None)
        except Gone:
            return
        except (TimeoutError, ConnectorError):
            await self._process.give_up()
        if self._storing is not None:
            await asyncio.wait({self._storing}, timeout=_STORES_WITHIN)

    @property
    def is_storing(self) -> bool:
        """Whether a batch waits for its commit."""
        return self._storing is not None and not self._storing.done()

    async def _stored(self) -> None:
        """What a former process or run had brought must stand before the calls are asked for."""
        if self._storing is not None:
            await asyncio.wait({self._storing})

    async def _line(self) -> Peer:
        """The process that lives, told all that it must know."""
        async with self._greeting:
            peer = await self._process.peer()
            if peer is self._peer:
                return peer
            peer.answer(wire.ACCEPT, self._accept, outlives=True)
            peer.answer(wire.REMEMBER, self._remembered)
            peer.hear(wire.REPORTED, self._reported)
            peer.hear(wire.STANDS, self._stands)
            peer.hear(wire.COUNTED, self._counted)
            try:
                async with asyncio.timeout(_BEGINS_WITHIN):
                    await peer.ask(wire.FOLLOW, self._config)
            except TimeoutError as error:
                await self._process.give_up()
                raise NotReady("the process for the line to the PBX does not begin") from error
            if self._trunks is not None:
                peer.tell(wire.TRUNKS, self._trunks)
            if self._only_agreed is not None:
                peer.tell(wire.ONLY_AGREED, self._only_agreed)
            self._peer, self._was_told = peer, False
            peer.closed.add_done_callback(self._ended)
            return peer

    # What the process says

    async def _accept(self, brought: Sequence[wire.Brought]) -> None:
        if self._intake is None:
            raise NotReady("nobody takes facts just now")
        # It outlives the process: what one that dies has brought is stored before the next one asks.
        self._storing = asyncio.current_task()
        await self._intake.accept(tuple([one.arrival for one in brought]))

    async def _remembered(self, _: None) -> wire.Remembered:
        if self._memory is None:
            return wire.Remembered((), None)
        await self._stored()
        living = await self._memory.living()
        since = self._unheard_since or self._memory.last_seen()
        self._was_told = True
        return wire.Remembered(living, since)

    def _reported(self, report: wire.Report) -> None:
        if self._status is not None:
            self._status.report(report.state, report.text, **report.details)

    def _stands(self, standing: wire.Standing) -> None:
        before, link = self._standing.link, standing.link
        if before.is_up == link.is_up:
            standing = replace(standing, link=replace(link, since=before.since))
        self._standing = standing

    def _counted(self, figures: Mapping[str, float]) -> None:
        self._figures = figures

    def _ended(self, _: Any) -> None:
        """Its process is gone, and with it the line."""
        now, link = self._clock.now(), self._standing.link
        if self._was_told:
            self._unheard_since = now if link.is_up else link.since
        self._stands(
            wire.Standing(link=LinkState(is_up=False, since=now, text="the process of the line ended"))
        )
        self._figures = {**self._figures, "is_up": 0.0} if self._figures else {}

    # RemembersCalls, HandedOver

    def remember(self, memory: CallMemory) -> None:
        """Where the process asks for the calls that a former life followed."""
        self._memory = memory

    def forget(self) -> None:
        """Another hub followed the calls meanwhile."""
        self._unheard_since = None
        self._tell(wire.FORGET, None)

    # Telephony

    def link(self) -> LinkState:
        """How the line is now, and since when."""
        return self._standing.link

    async def endpoints(self) -> Sequence[Endpoint]:
        """The PBX's endpoints, as the process is told them."""
        return await (await self._line()).ask(wire.ENDPOINTS, None)

    async def examine(self) -> Sequence[Finding]:
        """All that the settings page says of the line."""
        return await (await self._line()).ask(wire.EXAMINE, None)

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Which endpoints are outside lines, for calls that begin from now on."""
        self._trunks = tuple(patterns)
        self._tell(wire.TRUNKS, self._trunks)

    def record_only_agreed(self, is_needed: bool) -> None:
        """Whether a call may be recorded only once the caller has said yes."""
        self._only_agreed = is_needed
        self._tell(wire.ONLY_AGREED, is_needed)

    # CallControl

    @property
    def takes_orders(self) -> bool:
        """Whether the line is up."""
        return self._standing.takes_orders

    def lacks(self) -> Mapping[CommandKind, str]:
        """What the PBX's user may not do."""
        return self._standing.lacks

    async def carry_out(self, command: Command) -> CommandResult:
        """Give the order, once; never kept for a later line or process."""
        peer = self._peer
        if peer is None or peer.closed.done() or not self.takes_orders:
            return CommandResult(kind="unsent", text="There is no line to the PBX.")
        try:
            order = wire.ORDERS.write(command)
        except ValueError as error:  # half of a surrogate pair, which is no character at all
            return CommandResult(kind="unsent", text=f"The order was not sent: {error}")
        try:
            return await peer.ask(wire.CARRY_OUT, order)
        except ConnectorError as fault:  # also a fault over there: it may have reached the PBX
            return CommandResult(kind="unknown", text=fault.text)

    def drop_line(self) -> None:
        """Close the line to the PBX as a broken cable would."""
        self._tell(wire.DROP_LINE, None)

    def statistics(self) -> Mapping[str, float]:
        """Counters and gauges for /metrics, as the process told them last (each second)."""
        return self._figures

    def _tell(self, news: Any, value: Any) -> None:
        if self._peer is not None:
            with contextlib.suppress(ValueError):
                self._peer.tell(news, value)
