"""The demo's web admin with some of its practice links, without its exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp.test_utils import TestServer

from connectors.catalogue import build_connectors
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.modules.access.api import hash_password
from hub.ports.messaging import MessageSender
from hub.settings import PracticeSettings, Settings
from tests.flows.hub_process import free_port
from tests.webui.stage import PASSWORD, WIDE, Shop
from webui.app import make_app


@asynccontextmanager
async def practice_site(settings: Settings, folder: Path, names: Collection[str]) -> AsyncIterator[Shop]:
    """A hub that runs the links of these names, and people who sign in; stopped at the end."""
    settings = replace(
        settings,
        server=replace(settings.server, port=free_port()),
        practice=PracticeSettings(enabled=True, quiet=True),
        messaging=replace(settings.messaging, files=str(folder / "files"), poll=0.1),
    )
    clock, journal = SystemClock(), FileJournal(folder / "journal", 30)
    links = [one for one in build_connectors(settings, journal, clock) if one.name in names]
    senders = [one for one in links if isinstance(one, MessageSender)]
    hub = Hub(settings, MODULES, clock=clock, journal=journal, connectors=links, senders=senders)
    await hub.start()
    server = TestServer(make_app(hub.installation, WIDE), port=settings.server.port)
    await server.start_server()
    made = Shop(hub, clock, server, await hash_password(PASSWORD))
    yield made
    for client in made.clients:
        await client.close()
    await server.close()
    await hub.stop()
