"""Intake: hostile text is kept, one bad call does not take others with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Connection, select

from hub.events.base import Event
from hub.kernel.stream.outbox import event_outbox
from hub.settings import DatabaseSettings, Settings
from tests.kernel.rig import Bells, Rang, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled
from tests.kernel.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger(Event):
    """Not in the catalogue."""

    name: ClassVar[str] = "test.stranger"

    @property
    def key(self) -> str:
        return "stranger"


@pytest.mark.parametrize(
    "bell", ["O'Brien\"; DROP TABLE", "\x00nul", "\ud83d half", "іІїЇ\u202e", "a\r\nAction: Originate"]
)
async def test_text_from_outside_is_kept_as_it_came_as_far_as_it_is_text(
    settings: Settings, bell: str
) -> None:
    bells = Bells()
    hub = make_hub(settings, bells.module(ordinary=False))
    await prepare(hub)
    await hub.intake.accept([replace(rang("a", 1), event=Rang(bell=bell[:20], number=1), external_id=bell)])
    row = await hub.database.read(lambda connection: connection.execute(select(event_outbox)).one())
    await hub.close()
    kept = hub.codec.decode("test.rang", 1, row.payload)
    assert kept == Rang(bell=bell[:20].encode("utf-8", "replace").decode(), number=1)
    assert row.external_id == bell.replace("\x00", "�").encode("utf-8", "replace").decode()


async def test_an_event_outside_the_catalogue_is_refused_and_the_others_are_stored(
    settings: Settings,
) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.start()
    bad = hub.intake.accept([replace(rang("a", 1), event=Stranger())])
    good = hub.intake.accept([rang("a", 2)])
    refused, accepted = await asyncio.gather(bad, good, return_exceptions=True)
    await settled(hub)
    found = await effects_of(hub, "batch")
    await hub.stop()
    assert isinstance(refused, TypeError)
    assert accepted is None
    assert found == {"a": [2]}


async def test_one_call_that_the_database_refuses_does_not_take_the_others_with_it(
    settings: Settings,
) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.start()
    impossible = replace(rang("b", 1), source=None)  # type: ignore[arg-type]  # what a broken connector does
    results = await asyncio.gather(
        hub.intake.accept([rang("a", 1)]),
        hub.intake.accept([impossible]),
        hub.intake.accept([rang("a", 2)]),
        return_exceptions=True,
    )
    await settled(hub)
    found = await effects_of(hub, "batch")
    await hub.stop()
    assert [type(result).__name__ for result in results] == ["NoneType", "IntegrityError", "NoneType"]
    assert found == {"a": [1, 2]}


async def test_many_callers_share_few_commits(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    await hub.start()
    before = hub.database.commits
    await asyncio.gather(*(hub.intake.accept([rang(f"b{n % 7}", n)]) for n in range(300)))
    commits = hub.database.commits - before
    found = await effects_of(hub, "batch")
    await hub.stop()
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(300))
    assert commits < 30


async def test_facts_wait_while_the_disk_is_full_and_go_on_by_themselves(
    settings: Settings, tmp_path: Path
) -> None:
    settings = replace(settings, database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path}/full.db"))
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    await hub.start()

    def limit(pages: int) -> Callable[[Connection], None]:
        return lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").close()

    await hub.database.write(limit(1))  # SQLite takes the present size
    accepting = asyncio.create_task(hub.intake.accept([rang("a" * 20, n) for n in range(500)]))

    async def told() -> bool:
        return not (await hub.system.report()).database_ok

    await until(told)
    report, waiting = await hub.system.report(), not accepting.done()
    await hub.database.write(limit(1_000_000))
    await accepting
    await settled(hub)
    found, failures = await effects_of(hub, "batch"), hub.relay.counters.failed
    mended = await hub.system.report()
    await hub.stop()
    assert "disk is full" in report.database_text
    assert waiting
    assert found == {"a" * 20: list(range(500))}
    assert failures == 0
    assert mended.database_ok
