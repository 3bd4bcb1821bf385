"""After the last try in vain a superior is told, or whoever does the task is asked: never silence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.stream.outbox import event_outbox
from hub.modules.catalogue import MODULES
from hub.settings import Settings, TasksSettings
from tests.factories.calls import ended
from tests.factories.site import Client, get_text, send_json, site_of
from tests.factories.tasks import happen, open_hours, open_tasks

IRYNA = "+380501234567"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    await open_hours(hub)
    client = await site_of(hub)
    yield client
    await client.close()


async def the_task(hub: Hub) -> str:
    await happen(hub, ended("1", 0, "missed"))
    (task,) = await open_tasks(hub)
    return task.id


async def escalated(hub: Hub) -> list[str]:
    rows = await hub.database.read(
        lambda connection: connection.execute(
            select(event_outbox.c.payload).where(event_outbox.c.name == "task.escalated")
        ).all()
    )
    return [json.loads(row.payload)["task_id"] for row in rows]


async def try_three_times(site: Client, task: str) -> Any:
    for _ in range(3):
        _, said = await send_json(site, "POST", f"/api/v1/tasks/{task}/try", {"note": ""})
    return said


async def test_the_last_try_in_vain_tells_a_superior_and_a_person_gives_up(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    said = await try_three_times(site, task)
    assert (said["state"], said["is_exhausted"], said["is_escalated"]) == ("open", True, True)
    assert await escalated(hub) == [task]
    _, page = await get_text(site, "/tasks")
    assert 'data-key="give_up"' in page
    await happen(hub, ended("7", 900, "no_answer", direction="outbound", to_number=IRYNA))
    assert await escalated(hub) == [task, task]  # once more in vain: told again
    _, said = await send_json(site, "POST", f"/api/v1/tasks/{task}/close", {"reason": "unreached"})
    assert (said["state"], said["reason"], said["is_exhausted"]) == ("done", "unreached", False)


async def test_a_client_who_answers_in_the_end_is_no_case_any_more(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    await try_three_times(site, task)
    await happen(hub, ended("8", 900, "answered", direction="outbound", to_number=IRYNA))
    assert await open_tasks(hub) == ()


@pytest.fixture
async def asking(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Hub]:
    """A shop whose owner does not want to be told of the last try."""
    quiet = replace(settings, tasks=TasksSettings(escalate_last_try=False))
    made = Hub(quiet, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await made.open()
    await open_hours(made)
    yield made
    await made.close()


async def test_where_no_superior_is_to_be_told_the_person_is_asked(asking: Hub) -> None:
    client = await site_of(asking)
    task = await the_task(asking)
    said = await try_three_times(client, task)
    assert (said["is_exhausted"], said["is_escalated"]) == (True, False)
    assert await escalated(asking) == []
    _, page = await get_text(client, "/tasks")
    assert "data-exhausted" in page
    await client.close()
