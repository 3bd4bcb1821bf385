"""One unit of work for each request: committed before the answer, tried again after a conflict."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel

from hub.app import Hub
from hub.errors import Conflict, Unavailable
from hub.kernel.manifest import Module
from hub.kernel.web import PUBLIC, ApiOperation, PageRequest, Route
from hub.modules.access.api import AccessApi
from tests.webui.stage import WIDE, Shop
from webui.app import make_app


class Answer(BaseModel):
    """How often it was tried."""

    tries: int


class Stage:
    """Pages that do what a test asks of them."""

    def __init__(self) -> None:
        self.tries = 0
        self.conflicts = 0

    async def work(self, request: PageRequest) -> web.StreamResponse:
        """Write an audit row, then meet as many conflicts as the test wants. Public, for the test."""
        self.tries += 1
        request.apis.of(AccessApi).audit.add(f"stage.try_{self.tries}", "done")
        await request.uow.session.flush()
        if self.tries <= self.conflicts:
            raise Unavailable("database.conflict", "Two met.")
        if request.form.get("fail") == "error":
            raise Conflict("stage.no", "No.")
        return web.Response(status=int(request.form.get("status", "200")), text="done")

    async def look(self, request: PageRequest) -> web.StreamResponse:
        """Try to write in a reading unit of work. Public, for the test."""
        request.apis.of(AccessApi).audit.add("stage.look", "done")
        await request.uow.session.flush()
        return web.Response(text="looked")

    async def operate(self, request: PageRequest) -> Answer:
        """Public, for the test."""
        self.tries += 1
        return Answer(tries=self.tries)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def client(hub: Hub, shop: Shop, stage: Stage) -> AsyncIterator[TestClient[Any, Any]]:
    module = Module(
        name="stage",
        title="Stage",
        folder=Path(__file__).parent,
        routes=(
            Route(method="POST", path="/stage", handler=stage.work, right=PUBLIC, name="stage.work"),
            Route(method="GET", path="/stage", handler=stage.look, right=PUBLIC, name="stage.look"),
        ),
        operations=(
            ApiOperation(
                method="POST",
                path="/stage",
                handler=stage.operate,
                right=PUBLIC,
                name="stage.operate",
                summary="Try",
                result=Answer,
                status=201,
            ),
        ),
    )
    installation = replace(hub.installation, modules=(*hub.installation.modules, module))
    async with TestClient(TestServer(make_app(installation, WIDE))) as made:
        yield made


async def _written(shop: Shop) -> set[str]:
    return {action for action, _ in await shop.audit() if action.startswith("stage.")}


@pytest.mark.parametrize(
    ("conflicts", "status", "tries"), [(0, 200, 1), (1, 200, 2), (2, 200, 3), (3, 503, 3)]
)
async def test_after_a_conflict_the_page_is_tried_again_at_most_twice_and_nothing_stays_of_the_lost_try(
    shop: Shop, client: TestClient[Any, Any], stage: Stage, conflicts: int, status: int, tries: int
) -> None:
    stage.conflicts = conflicts
    answer = await client.post("/stage")
    assert (answer.status, stage.tries) == (status, tries)
    assert await _written(shop) == ({f"stage.try_{tries}", "stage.work"} if status == 200 else set())


@pytest.mark.parametrize("form", [{"fail": "error"}, {"status": "422"}, {"status": "500"}])
async def test_an_answer_that_something_is_wrong_keeps_nothing(
    shop: Shop, client: TestClient[Any, Any], form: dict[str, str]
) -> None:
    assert (await client.post("/stage", data=form)).status >= 400
    assert await _written(shop) == set()


async def test_what_was_answered_is_already_committed(shop: Shop, client: TestClient[Any, Any]) -> None:
    async with client.post("/stage", data={"status": "303"}, allow_redirects=False) as answer:
        assert answer.status == 303
        assert await _written(shop) == {"stage.try_1", "stage.work"}


async def test_a_page_that_only_shows_cannot_write(shop: Shop, client: TestClient[Any, Any]) -> None:
    answer = await client.get("/stage")
    assert answer.status >= 500
    assert await _written(shop) == set()


async def test_an_operation_answers_with_its_model_and_status(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/api/v1/stage")
    assert answer.status == 201
    assert await answer.json() == {"tries": 1}
