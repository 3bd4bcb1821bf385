"""A hub with a key file of its own, and another computer without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.settings import Settings
from tests.databases import Databases
from tests.factories.backups import elsewhere
from tests.kernel.sealing.rig import HubOf


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Each test with a key file of its own."""
    return replace(
        settings, sealing=replace(settings.sealing, key_file=str(tmp_path / "keys" / "pitline.key"))
    )


@pytest.fixture
def hub_of(frozen_clock: FrozenClock, tmp_path: Path) -> HubOf:
    """Makes a hub of some settings; the test opens and closes it."""

    class Made(Hub):
        def __init__(self, settings: Settings, *, exclusive: bool = False) -> None:
            journal = FileJournal(tmp_path / "journal", 30)
            super().__init__(settings, MODULES, clock=frozen_clock, journal=journal, exclusive=exclusive)

    return Made


@pytest.fixture
def second(
    settings: Settings, database_kind: str, databases: Databases, tmp_path: Path
) -> Iterator[Settings]:
    """Another computer, without the key file."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with databases.empty(database_kind, folder) as url:
        there = elsewhere(settings, url, folder)
        yield replace(there, sealing=replace(there.sealing, key_file=str(folder / "pitline.key")))
