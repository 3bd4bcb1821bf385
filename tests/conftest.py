"""Fixtures for all tests: settings in a temporary folder, a clock that stands still, databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.settings import (
    BackupSettings,
    DatabaseSettings,
    JobsSettings,
    JournalSettings,
    MessagingSettings,
    RecordingsSettings,
    RelaySettings,
    SealingSettings,
    Settings,
)
from tests.databases import Databases
from tests.flows.hub_process import HubProcess
from tests.programs import forked
from tests.thrift import (
    collect_seldom,
    let_applications_go,
    log_plainly,
    make_passwords_cheap,
    share_compiled_statements,
    spare_the_heap,
    true_hashes,
)

pytest_plugins = ("tests.faults.plugin",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pg", action="store_true", help="run what has a database on PostgreSQL as well")


def pytest_configure(config: pytest.Config) -> None:
    collect_seldom()
    config.addinivalue_line("markers", "sqlite: on SQLite only: its clock is the test's, or no SQL is judged")
    config.addinivalue_line("markers", "postgres: on PostgreSQL only; runs with --pg")
    config.addinivalue_line(
        "markers",
        "one_on_postgres: its cases differ before any SQL: on PostgreSQL the first stands for all of them",
    )
    config.addinivalue_line("markers", "both_databases: a browser's story that --pg repeats on PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that has a database runs on SQLite, and with --pg on PostgreSQL as well. Of those with
    a browser or a PBX only the marked ones do: they judge what lies before the database."""
    if "database_kind" in metafunc.fixturenames:
        marked = {mark.name for mark in metafunc.definition.iter_markers()}
        is_repeated = not marked & {"browser", "asterisk"} or "both_databases" in marked
        kinds = ["sqlite"]
        if "postgres" in marked:
            kinds = ["postgres"]
        elif "sqlite" in marked:
            kinds = ["sqlite"]
        elif metafunc.config.getoption("--pg") and is_repeated:
            kinds.append("postgres")
        metafunc.parametrize("database_kind", kinds, scope="session")


def pytest_collection_finish() -> None:
    spare_the_heap()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--pg"):
        items[:] = [item for item in items if item.get_closest_marker("postgres") is None]
    seen: set[str] = set()
    items[:] = [item for item in items if not _is_one_too_many(item, seen)]


def _is_one_too_many(item: pytest.Item, seen: set[str]) -> bool:
    """A single case that is marked for SQLite, of a test that runs on both; or a further case of a test of
    which one is `seen` on PostgreSQL already and stands for all."""
    case = getattr(item, "callspec", None)
    if case is None or case.params.get("database_kind") != "postgres":
        return False
    if item.get_closest_marker("sqlite") is not None:
        return True
    test = item.nodeid.partition("[")[0]
    is_spoken_for = test in seen
    if item.get_closest_marker("one_on_postgres") is not None:
        seen.add(test)
    return is_spoken_for


@pytest.fixture(scope="session", autouse=True)
def _thrift() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_compiled_statements(patch)
        let_applications_go(patch)
        make_passwords_cheap(patch)
        log_plainly()
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_starts(databases: Databases) -> Iterator[None]:
    """Hubs start at a tenth of what a start costs, on databases that are migrated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HubProcess, "launch", staticmethod(forked))
        patch.setattr(HubProcess, "furnish", staticmethod(databases.copy_file))
        yield


@pytest.fixture
def true_passwords() -> Iterator[None]:
    """Hashes of passwords as the program makes them, for tests of how long they take or what they are."""
    with true_hashes():
        yield


@pytest.fixture(scope="session")
def database_kind() -> str:
    return "sqlite"


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def database_url(database_kind: str, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A database of its own for every test, of the present schema."""
    with databases.migrated(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A database of its own without a schema."""
    with databases.empty(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_kind: str, database_url: str) -> Settings:
    """Everything in a temporary folder, waits so short that nobody waits."""
    return replace(
        Settings(),
        database=DatabaseSettings(url=database_url),
        journal=JournalSettings(folder=str(tmp_path / "journal")),
        recordings=RecordingsSettings(store=str(tmp_path / "recordings")),
        messaging=MessagingSettings(files=str(tmp_path / "attachments")),
        jobs=JobsSettings(poll=0.2, lease=5.0),
        backup=BackupSettings(folder=str(tmp_path / "backups"), at=""),
        relay=RelaySettings(poll=0.2, lease=5.0, backoff=(0.02, 0.04, 0.08)),
        sealing=SealingSettings(key_file="" if database_kind == "sqlite" else str(tmp_path / "pitline.key")),
    )


@pytest.fixture
def frozen_clock() -> FrozenClock:
    """Monday morning, 09:02:10 in Kyiv."""
    return FrozenClock(datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC))


@pytest.fixture
async def hub(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with all modules and no connector, its database migrated; nothing runs by itself until
    the test calls `start`."""
    made = Hub(settings, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await made.open()
    yield made
    await made.close()
