"""A hub that really follows a PBX over AMI: a scripted one, whose ledger holds what reached it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.ami.connector import AmiConnector
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.settings import Settings
from tests.connectors.ami.ami_server import AmiServer, Script, serving
from tests.connectors.ami.hub_side import config_for
from tests.modules.dialling.shop import RIGHTS, Shop


@pytest.fixture
async def pbx() -> AsyncIterator[AmiServer]:
    """Answers every order with success."""
    async with serving(Script(rights=RIGHTS)) as server:
        yield server


@pytest.fixture
async def shop(settings: Settings, pbx: AmiServer, tmp_path: Path) -> AsyncIterator[Shop]:
    """A hub that runs, on the line to the PBX, with two colleagues and a log-in of one of them."""

    def build() -> tuple[Hub, AmiConnector]:
        journal = FileJournal(tmp_path / "journal", 30)
        line = AmiConnector(config_for(pbx), journal, SystemClock())
        hub = Hub(settings, MODULES, clock=SystemClock(), journal=journal, connectors=[line], telephony=line)
        return hub, line

    made = Shop(*build(), pbx, build)
    await made.open()
    yield made
    await made.close()
