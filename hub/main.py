"""The composition root: the only file that knows connectors, modules and the web admin together. What a
process apart runs is put together in hub/line.py."""

from __future__ import annotations

import asyncio
import signal
import threading
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
from hub.kernel.processes.apart import Processes
from hub.kernel.processes.settling import settle, sweep
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import prepare
from hub.modules.calls.api import StoredCalls
from hub.modules.catalogue import MODULES as HUB_MODULES
from hub.ports.apart import RunsApart
from hub.ports.bus import Bus
from hub.ports.replay import Replay
from hub.ports.telephony import PracticeExchange, RemembersCalls, Telephony
from hub.settings import Settings
from recordings.module import MODULE as RECORDINGS
from webui.app import SITE, make_app

_HANDLERS_MAY_FINISH = 1.0
PROGRAMS = {"ami": "hub.line"}
"""What runs in a process of its own, where the settings want that."""
MODULES = (*HUB_MODULES, RECORDINGS)
"""Every module; `recordings` stands outside of `hub`, so that no import runs from there to it."""


def build(
    settings: Settings,
    lines: log.LogMemory | None = None,
    journal: FileJournal | None = None,
    apart: RunsApart | None = None,
) -> Hub:
    """The hub with the connectors that the settings ask for; `lines`: where the log is remembered; `apart`:
    where connectors may have processes of their own, else they all run in this one."""
    clock = SystemClock()
    journal = journal or journal_of(settings)
    connectors = build_connectors(settings, journal, clock, apart)
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


def journal_of(settings: Settings) -> FileJournal:
    """Where the settings want the raw messages."""
    return FileJournal(Path(settings.journal.folder), settings.journal.keep_days)


async def serve(settings: Settings, ready: Callable[[int], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT. `ready` is told the port once pages are answered."""
    lines = log.LogMemory(settings.log.keep_lines)
    log.configure(settings.log.format, settings.log.level, memory=lines)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    journal = journal_of(settings)
    processes = Processes(settings, journal, PROGRAMS)
    hub = build(settings, lines, journal, processes)
    try:
        await hub.open()
        await prepare(hub.installation)
        await hub.start()
        settle()
        app = make_app(hub.installation)
        runner = web.AppRunner(app, shutdown_timeout=_HANDLERS_MAY_FINISH, access_log=None)
        await runner.setup()
        sweeping = asyncio.create_task(sweep(lambda: hub.database.commits), name="sweep")
        try:
            port = await _listen(runner, settings)
            if ready is not None:
                ready(port)
            threading.Thread(target=app[SITE].texts.learn, name="texts", daemon=True).start()  # no stop waits
            await stopping.wait()
        finally:
            sweeping.cancel()
            await runner.cleanup()
    finally:
        await hub.stop()
        await processes.close()


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
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=journal_of(settings), exclusive=False)
    try:
        await hub.open()
        await prepare(hub.installation)
        yield hub
    finally:
        await hub.close()


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
