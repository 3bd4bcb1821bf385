"""What is asked of a million calls and a hundred thousand clients is asked of an index (SQLite's
planner says so; times are measured by the bench)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects import postgresql

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate
from hub.modules.calls.api import CallFilter
from hub.modules.calls.filters import CallFilters
from hub.modules.calls.models import Call
from tests.factories.calls import ended, tell_calls


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/plans.db")
    await database.open()
    await migrate(database)
    yield database
    await database.close()


async def plan(database: Database, query: str) -> str:
    def explain(connection: Connection) -> str:
        return " | ".join(str(row[3]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))

    return await database.read(explain)


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("started_at >= '2026'", "ix_calls_calls_started_at"), ("other_key = 'x'",
        "ix_calls_calls_other_key"),
        ("our_key = 'x'", "ix_calls_calls_our_key"), ("client_id = 'x'", "ix_calls_calls_client_id"),
        ("state != 'ended'", "ix_calls_calls_live"),
        ("result = 'missed' AND result != 'answered'", "ix_calls_calls_rare_result"),
        ("direction = 'internal' AND direction != 'inbound'", "ix_calls_calls_rare_direction"),
    ],
)  # fmt: skip
async def test_lists_of_calls_are_read_in_the_order_of_an_index(
    empty: Database, condition: str, index: str
) -> None:
    query = f"SELECT * FROM calls_calls WHERE {condition} ORDER BY started_at DESC, id DESC LIMIT 51"
    shown = await plan(empty, query)
    assert index in shown
    assert "TEMP B-TREE" not in shown


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT client_id FROM crm_phones WHERE key = 'x'", "SEARCH crm_phones USING COVERING INDEX"),
        ("SELECT client_id FROM crm_phones WHERE tail >= '7' AND tail < '8'",
        "COVERING INDEX ix_crm_phones_tail"),
        ("SELECT client_id FROM crm_words WHERE word >= 'a' AND word < 'b'",
        "COVERING INDEX ix_crm_words_word"),
        ("SELECT id FROM crm_vehicles WHERE plate_key LIKE '%12%'",
        "COVERING INDEX ix_crm_vehicles_plate_key"),
        ("SELECT id FROM crm_vehicles WHERE vin LIKE '%12%'", "COVERING INDEX ix_crm_vehicles_vin"),
        ("SELECT * FROM crm_ownerships WHERE client_id = 'x'", "INDEX ix_crm_ownerships_client_id"),
        ("SELECT call_id FROM calls_people WHERE who = 'x'", "COVERING INDEX ix_calls_people_who"),
    ],
)  # fmt: skip
async def test_searches_touch_an_index_alone(empty: Database, query: str, index: str) -> None:
    assert index in await plan(empty, query)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("where", "index"),
    [
        (CallFilter(result="missed"), "ix_calls_calls_rare_result"),
        (CallFilter(direction="internal"), "ix_calls_calls_rare_direction"),
    ],
)
async def test_postgresql_expects_as_many_calls_of_a_kind_as_there_are(
    hub: Hub, where: CallFilter, index: str
) -> None:
    calls = [
        ended(
            f"b1:{n}.1", n, "answered" if n % 10 else "missed", direction="inbound" if n % 9 else "internal"
        )
        for n in range(200)
    ]
    await tell_calls(hub, *calls)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        conditions = await CallFilters(uow, hub.installation.deps).conditions(where)
        bare = {"literal_binds": True, "render_postcompile": True}
        asked = select(Call.id).where(*conditions).compile(dialect=postgresql.dialect(), compile_kwargs=bare)
        await uow.session.execute(text("ANALYZE calls_calls"))
        await uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        lines = [row[0] for row in (await uow.session.execute(text(f"EXPLAIN {asked}"))).all()]
        there = (await uow.session.execute(select(func.count()).where(*conditions))).scalar_one()
    assert index in "\n".join(lines)
    assert f"rows={there} " in lines[0]
