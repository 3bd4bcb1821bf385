"""While the database is slow, pages that read much are refused, quickly and in words; calls go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from hub.app import Hub
from hub.kernel.storage.pressure import Pressure
from tests.webui.stage import WIDE, Shop
from tests.webui.test_rights import EVERY
from webui.app import make_app

HEAVY = [route for route in EVERY if route.is_heavy]
A_CALL_NEEDS = ("/desk", "/desk/state", "/desk/search", "/calls/live", "/clients/new", "/api/v1/calls/live")


class Waiting:
    """Somebody waits for a connection, and as long as is said."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pressure = Pressure(lambda: self.now)

    def took(self, seconds: float) -> None:
        with self.pressure.waiting():
            self.now += seconds


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
async def served(hub: Hub, shop: Shop, waiting: Waiting) -> AsyncIterator[Shop]:
    """A web admin that is told so."""
    server = TestServer(make_app(replace(hub.installation, pressure=waiting.pressure), WIDE))
    await server.start_server()
    yield replace(shop, server=server)
    await server.close()


async def test_what_reads_much_is_refused_in_words_until_the_database_is_quick_again(
    served: Shop, waiting: Waiting
) -> None:
    client = await served.signed_in("owner")
    waiting.took(1.5)
    page = await client.get("/reports/calls")
    assert (page.status, page.headers["Retry-After"]) == (503, "5")
    assert "База даних зараз відповідає повільно" in await page.text()
    answer = await client.get("/api/v1/calls")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert (await answer.json())["error"]["code"] == "database.slow"
    waiting.took(0.4)
    assert [(await client.get(path)).status for path in ("/reports/calls", "/api/v1/calls")] == [200, 200]


async def test_what_a_call_needs_is_answered_all_the_same(served: Shop, waiting: Waiting) -> None:
    client = await served.signed_in("receptionist")
    waiting.took(1.5)
    answered = {path: (await client.get(path, allow_redirects=False)).status for path in A_CALL_NEEDS}
    assert answered == dict.fromkeys(A_CALL_NEEDS, 200)


def test_reports_lists_and_exports_are_heavy_and_nothing_that_changes_something_is() -> None:
    names = {route.name for route in HEAVY}
    assert names >= {
        "reports.calls", "reports.csv", "calls.list", "calls.list_calls", "crm.clients", "crm.list_clients",
        "crm.vehicles", "crm.list_vehicles", "crm.export", "access.audit", "access.list_audit",
    }  # fmt: skip
    assert {route.method for route in HEAVY} == {"GET"}


@pytest.mark.parametrize(("after", "said"), [(0.0, 2.0), (4.9, 2.0), (5.1, 0.0)])
def test_a_wait_that_is_over_counts_for_five_seconds(after: float, said: float) -> None:
    now = [10.0]
    pressure = Pressure(lambda: now[0])
    with pressure.waiting():
        now[0] += 2.0
        assert pressure.seconds == 2.0
    now[0] += after
    assert pressure.seconds == said


def test_of_several_who_wait_the_longest_counts() -> None:
    now = [10.0]
    pressure = Pressure(lambda: now[0])
    with pressure.waiting():
        now[0] += 3.0
        with pressure.waiting():
            now[0] += 1.0
            assert pressure.seconds == 4.0
        assert pressure.seconds == 4.0
    assert pressure.seconds == 4.0
