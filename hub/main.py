"""The composition root: the only file that knows connectors, modules and the web admin together."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from connectors.catalogue import NAMES, build_connectors, build_replay, senders_of
from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from hub import log
from hub.app import Hub
from hub.clock import SystemClock
from hub.errors import Unavailable
from hub.kernel.installation import Installation
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import prepare
from hub.modules.calls.api import StoredCalls
from hub.modules.catalogue import MODULES as HUB_MODULES
from hub.ports.bus import Bus
from hub.ports.replay import Replay
from hub.ports.telephony import PracticeExchange, RemembersCalls, Telephony
from hub.settings import Settings
from recordings.module import MODULE as RECORDINGS
from webui.app import make_app

_HANDLERS_MAY_FINISH = 1.0
_SWEEP_EVERY, _QUIET, _LOOKS = 600.0, 2.0, 30
"""Seconds between two rounds of the garbage collector over everything, and without a commit before one."""
MODULES = (*HUB_MODULES, RECORDINGS)
"""Every module; `recordings` stands outside of `hub`, so that no import runs from there to it."""


def build(settings: Settings, lines: log.LogMemory | None = None) -> Hub:
    """The hub with the connectors that the settings ask for; `lines`: where the log is remembered."""
    clock = SystemClock()
    journal = FileJournal(Path(settings.journal.folder), settings.journal.keep_days)
    connectors = build_connectors(settings, journal, clock)
    hub = Hub(
        settings,
        MODULES,
        clock=clock,
        journal=journal,
        connectors=connectors,
        off={name: "Not set up." for name in NAMES if name not in {c.name for c in connectors}},
        telephony=next((c for c in connectors if isinstance(c, Telephony)), None),
        outbound=HttpOutbound(Allowed.of(settings.outbound.allowed_hosts), clock),
        practice=next((c for c in connectors if isinstance(c, PracticeExchange)), None),
        senders=senders_of(connectors, settings.messaging.sms_by),
        bus=next((c for c in connectors if isinstance(c, Bus)), None),
        lines=lines,
    )
    for connector in connectors:
        if isinstance(connector, RemembersCalls):
            connector.remember(
                StoredCalls(hub.transactions, FIRST_SHOP, partial(hub.last_seen, connector.name))
            )
    return hub


async def serve(settings: Settings, ready: Callable[[int], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT. `ready` is told the port once pages are answered."""
    gc.set_threshold(100_000, 50, 1_000)  # what is being loaded is no garbage, and each round walks all of it
    lines = log.LogMemory(settings.log.keep_lines)
    log.configure(settings.log.format, settings.log.level, memory=lines)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    hub = build(settings, lines)
    try:
        await hub.open()
        await prepare(hub.installation)
        await hub.start()
        settle()
        runner = web.AppRunner(
            make_app(hub.installation), shutdown_timeout=_HANDLERS_MAY_FINISH, access_log=None
        )
        await runner.setup()
        sweeping = asyncio.create_task(_sweep(hub), name="sweep")
        try:
            port = await _listen(runner, settings)
            if ready is not None:
                ready(port)
            await stopping.wait()
        finally:
            sweeping.cancel()
            await runner.cleanup()
    finally:
        await hub.stop()


def replay(settings: Settings) -> Replay:
    """Reads the journal of the PBX again."""
    return build_replay(settings)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Installation]:
    """For commands beside a running hub: database and modules, nothing that runs by itself."""
    async with opened_hub(settings) as hub:
        yield hub.installation


@asynccontextmanager
async def opened_hub(settings: Settings) -> AsyncIterator[Hub]:
    """The same with the machinery, for a command that has work done."""
    log.configure(settings.log.format, settings.log.level)
    journal = FileJournal(Path(settings.journal.folder), settings.journal.keep_days)
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=journal, exclusive=False)
    try:
        await hub.open()
        await prepare(hub.installation)
        yield hub
    finally:
        await hub.close()


def settle() -> None:
    """For short waits: what was loaded at start is no longer walked by the garbage collector (a full
    round of it took 50 ms), whose rounds look at a few thousand young objects each, for one costs up to a
    microsecond an object and holds up everybody; and a busy event loop lets the writer's thread in after
    0.2 ms. What is garbage by now (some hundred objects) is not worth the tenth of a second that looking for
    it takes."""
    gc.freeze()
    gc.set_threshold(2_000, 1, 5_000)
    sys.setswitchinterval(0.0002)


async def _sweep(hub: Hub) -> None:
    """What became garbage later in life is looked for while nobody writes: with thousands of calls it would
    hold them up for tenths of a second."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        for _ in range(_LOOKS):  # a hub that is never quiet (leases are renewed) must not grow for ever
            seen = hub.database.commits
            await asyncio.sleep(_QUIET)
            if seen == hub.database.commits:
                break
        gc.collect()


async def _listen(runner: web.AppRunner, settings: Settings) -> int:
    """Take the port; tells which one it is (0 asks for a free one)."""
    host, port = settings.server.host, settings.server.port
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        raise Unavailable(
            "server.port_taken",
            f"Nothing can listen on {host}:{port}: {error.strerror}.",
            "Stop what listens there, or set HUB_SERVER__PORT and HUB_SERVER__HOST.",
        ) from error
    address = runner.addresses[0]
    return int(address[1])
