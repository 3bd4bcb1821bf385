"""Call-backs of one client that stood open at several shops before they could be shared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text

from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate, revisions, upgrade

OLD = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)
SHARED = "0135_shared_tasks"


@pytest.mark.slow
async def test_open_call_backs_of_one_client_become_one_that_both_shops_share(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    await database.open()
    await database.write(_before)
    await migrate(database)
    found = await database.read(_after)
    await database.close()
    assert found == {
        "tasks": [("t1", "open", None), ("t2", "cancelled", "merged"), ("t3", "open", None)],
        "misses": [("c1", "t1"), ("c2", "t1")],
        "tries": [("y1", "t1", "lviv"), ("y2", "t1", "main")],
        "posts": [("p1", "t1"), ("p2", "t1")],
        "shares": [("t1", "lviv", "speaks Polish")],
        "watches": [("+380501234567", "t1")],
    }


def _before(connection: Connection) -> None:
    """Schema and rows of the version before."""
    upgrade(connection, revisions()[revisions().index(SHARED) - 1])
    task = text(
        "INSERT INTO tasks_tasks (id, rev, shop_id, kind, title, note, state,"
        " subject, created_at, claimed_name)"
        " VALUES (:id, 1, :shop, 'callback', '', :note, 'open', :subject, '2026-01-05 07:02:10', '')"
    )
    for row in (
        {"id": "t1", "shop": "main", "note": "", "subject": "number:1"},
        {"id": "t2", "shop": "lviv", "note": "speaks Polish", "subject": "number:1"},
        {"id": "t3", "shop": "lviv", "note": "", "subject": "number:2"},
    ):
        connection.execute(task, row)
    miss = text(
        "INSERT INTO tasks_misses (call_id, shop_id, task_id, kind, started_at)"
        " VALUES (:call, :shop, :task, 'missed', '2026-01-05 07:02:10')"
    )
    connection.execute(miss, {"call": "c1", "shop": "main", "task": "t1"})
    connection.execute(miss, {"call": "c2", "shop": "lviv", "task": "t2"})
    tried = text(
        "INSERT INTO tasks_tries (id, task_id, call_id, at, outcome, talk_seconds, who, note)"
        " VALUES (:id, :task, :call, '2026-01-05 07:02:10', 'busy', 0, '', '')"
    )
    connection.execute(tried, {"id": "y1", "task": "t2", "call": None})
    connection.execute(tried, {"id": "y2", "task": "t1", "call": "one call to them"})
    connection.execute(tried, {"id": "y3", "task": "t2", "call": "one call to them"})
    post = text(
        "INSERT INTO alerts_posts (id, rev, shop_id, cause, kind, state, about, task_id, taken_by,"
        " changed_at, reason, wanted, shown, channel, group_id, not_before, tries, error, created_at)"
        " VALUES (:id, 1, :shop, :id, 'missed', 'open', '{}', :task, '', '2026-01-05 07:02:10', '', 1, 1,"
        " 'telegram', '1', '2026-01-05 07:02:10', 0, '', '2026-01-05 07:02:10')"
    )
    connection.execute(post, {"id": "p1", "shop": "main", "task": "t1"})
    connection.execute(post, {"id": "p2", "shop": "lviv", "task": "t2"})
    for why in ("t1", "t2"):
        watch = text("INSERT INTO tasks_watches (key, why) VALUES ('+380501234567', :why)")
        connection.execute(watch, {"why": why})


def _after(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    queries = {
        "tasks": "SELECT id, state, reason FROM tasks_tasks ORDER BY id",
        "misses": "SELECT call_id, task_id FROM tasks_misses ORDER BY call_id",
        "tries": "SELECT id, task_id, shop_id FROM tasks_tries ORDER BY id",
        "posts": "SELECT id, task_id FROM alerts_posts ORDER BY id",
        "shares": "SELECT task_id, shop_id, note FROM tasks_shares",
        "watches": "SELECT key, why FROM tasks_watches ORDER BY why",
    }
    return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in queries.items()}
