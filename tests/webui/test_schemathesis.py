"""Every operation of /api/v1 is as its description says, whatever is sent: schemathesis against a hub
that runs, over HTTP, with data in it. Chance is seeded; the time is bounded by the number of examples."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate
from hub.main import MODULES
from hub.modules.access.api import AccessApi
from hub.settings import DatabaseSettings, JournalSettings, Settings
from tests.webui.described import document
from tests.webui.stage import WIDE
from webui.app import make_app

EXAMPLES = 6
LONGEST_LINE = 8000
load_all_checks()
CHECKS: list[Any] = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_headers_conformance, checks.response_schema_conformance, checks.negative_data_rejection,
    checks.ignored_auth, checks.unsupported_method,
]  # fmt: skip


@dataclass(frozen=True)
class Running:
    """A hub in a thread of its own."""

    url: str
    token: str


async def no_dns(_host: str, _port: int) -> Sequence[str]:
    raise OSError("no name is looked up here")


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Running]:
    clock = SystemClock()
    made = replace(
        Settings(),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{folder}/pitline.db"),
        journal=JournalSettings(folder=str(folder / "journal")),
    )
    database = Database(made.database.url)
    await database.open()
    await migrate(database)
    await database.close()
    outbound = HttpOutbound(Allowed.of(["93.184.216.34"]), clock, no_dns)
    hub = Hub(made, MODULES, clock=clock, journal=FileJournal(folder / "journal", 30), outbound=outbound)
    await hub.open()
    runner = web.AppRunner(make_app(hub.installation, WIDE), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        _, token = await AccessApi(uow, hub.installation.deps).tokens.create("schemathesis", "owner")
    yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}", token)
    await runner.cleanup()
    await outbound.close()
    await hub.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One hub for all operations; it grows as they are tried, which is what it is for."""
    started, stop, told = threading.Event(), threading.Event(), list[Running]()

    async def live() -> None:
        async with _running(tmp_path_factory.mktemp("described")) as made:
            told.append(made)
            started.set()
            await asyncio.get_running_loop().run_in_executor(None, stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(live(),), name="hub")
    thread.start()
    assert started.wait(30)
    _seed(told[0])
    yield told[0]
    stop.set()
    thread.join(20)


def _seed(hub: Running) -> None:
    """Something of everything."""
    posts: dict[str, dict[str, Any]] = {
        "clients": {"name": "Олена", "phones": [{"number": "050 123 45 67"}]},
        "vehicles": {"plate": "AA1234BB"},
        "employees": {"name": "Ірина", "role": "receptionist", "extensions": ["101"]},
        "webhooks": {"url": "https://93.184.216.34/hook"},
    }
    for path, body in posts.items():
        headers = {"Authorization": f"Bearer {hub.token}"}
        answer = requests.post(f"{hub.url}/api/v1/{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == 201, answer.text


described = schemathesis.openapi.from_dict(document())


def _fitting(case: Any) -> list[Any]:
    """A header that was spoilt is put right by ours, so nothing has to be refused for it."""
    parts = case.meta.components.items() if case.meta is not None else ()
    is_spoilt = any(place.value == "header" and part.mode.is_negative for place, part in parts)
    return [check for check in CHECKS if not (is_spoilt and check is checks.negative_data_rejection)]


@described.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
)  # fmt: skip
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_is_sent_is_answered_as_described(case: Any, running: Running) -> None:
    headers = {"Authorization": f"Bearer {running.token}"}
    answer = case.call(base_url=running.url, headers=headers, timeout=20)
    assume(len(answer.request.url) < LONGEST_LINE)  # a longer one the HTTP parser refuses itself
    case.validate_response(answer, checks=_fitting(case))


def test_the_document_that_is_served_describes_every_operation(running: Running) -> None:
    served = requests.get(f"{running.url}/api/v1/openapi.json", timeout=10).json()
    assert served["paths"].keys() == document()["paths"].keys()
