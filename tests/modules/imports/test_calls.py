"""The history of an older PBX: rows of `cdr` become calls, marked as imported, and nobody is called back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Insert, MetaData, Table, insert, text

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate, revisions, upgrade
from hub.modules.calls.api import CallFilter, CallView, OutcomeGroup
from hub.modules.imports.api import FileView, ImportsApi
from hub.modules.imports.jobs import take_in
from hub.modules.imports.opening import opened
from hub.modules.imports.rules_calls import call_of, is_history, leg_of
from tests.factories.calls import calls_of
from tests.factories.crm import make_client
from tests.factories.site import get_json, get_text, site_of
from tests.factories.tasks import open_hours, open_tasks

HEAD = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid,did,"
    "recordingfile,linkedid"
)
ANSWERED = (
    '2026-01-02 10:00:00,"""Iryna"" <0671234567>",0671234567,600,ext-queues,PJSIP/t-1,PJSIP/101-2,Queue,'
    "20,0,NO ANSWER,1.1,0441112233,,1.1\n"
    '2026-01-02 10:00:05,"""Iryna"" <0671234567>",0671234567,102,ext-queues,PJSIP/t-1,PJSIP/102-3,Queue,'
    "65,60,ANSWERED,1.1,0441112233,q-600-1.1.wav,1.1\n"
)
MISSED = (
    "2026-01-02 11:00:00,,0501112233,600,ext-queues,PJSIP/t-1,,Queue,30,30,ANSWERED,2.1,0441112233,,2.1\n"
)
OUT = (
    "2026-01-02 12:00:00,,101,0671234567,from-internal,PJSIP/101-4,PJSIP/t-5,Dial,40,30,ANSWERED,3.1,,"
    "out-3.1.wav,3.1\n"
)
BROKEN = "yesterday,,101,102,from-internal,PJSIP/101-4,,Dial,1,1,ANSWERED,4.1,,,4.1\n"


class _Context:
    """A JobContext of one run, without the table of jobs."""

    def __init__(self, hub: Hub, file_id: str) -> None:
        self._hub = hub
        self.payload = {"file_id": file_id}
        self.deps = hub.installation.deps

    def writing(self):  # type: ignore[no-untyped-def]  # as JobContext
        return self._hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP)

    def reading(self):  # type: ignore[no-untyped-def]  # as JobContext
        return self._hub.transactions.reading(actor=None, shop_id=FIRST_SHOP)

    def apis(self, uow):  # type: ignore[no-untyped-def]  # as JobContext
        hub = self._hub

        class _Apis:
            def of(self, api):  # type: ignore[no-untyped-def]  # as Apis
                return api(uow, hub.installation.deps)

        return _Apis()

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        return None


async def put(hub: Hub, rows: str, *, is_dry: bool = False) -> FileView:
    file = await asyncio.to_thread(opened, f"{HEAD}\n{rows}".encode(), "cdr.csv")
    assert is_history(file.head)
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        imports = ImportsApi(uow, hub.installation.deps)
        stored = await imports.store(file, "calls")
        await imports.begin(stored.id, [], "", is_dry=is_dry)
    await take_in(_Context(hub, stored.id))
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await ImportsApi(uow, hub.installation.deps).one(stored.id)


async def every_call(hub: Hub) -> dict[str, CallView]:
    async with calls_of(hub) as calls:
        return {call.id: call for call in (await calls.history(CallFilter(), limit=50)).items}


async def test_rows_of_one_conversation_are_one_call(hub: Hub) -> None:
    file = await put(hub, OUT + MISSED + ANSWERED + BROKEN)
    assert file.state == "done"
    assert {name: file.counts[name] for name in ("added", "failed")} == {"added": 3, "failed": 1}
    calls = await every_call(hub)
    call = calls["cdr:1.1"]
    assert (call.direction, call.result, call.answered_by) == ("inbound", "answered", "102")
    assert (call.from_number, call.to_number, call.caller_name) == (
        "+380671234567",
        "+380441112233",
        "Iryna",
    )
    assert call.started_at == datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
    assert (call.wait_seconds, call.talk_seconds) == (10.0, 60.0)
    assert (call.is_complete, call.is_imported) == (False, True)
    assert [(party.extension, party.outcome) for party in call.parties] == [
        ("101", "no_answer"), ("102", "answered"),
    ]  # fmt: skip
    assert (calls["cdr:2.1"].result, calls["cdr:2.1"].missed_reason) == ("missed", "before_ringing")
    assert (calls["cdr:3.1"].direction, calls["cdr:3.1"].result) == ("outbound", "answered")


@pytest.mark.parametrize(
    ("src", "cnum", "channel"),
    [
        ("101", "", "PJSIP/101-4"),
        ("0441112233", "101", "PJSIP/101-4"),  # FreePBX: `src` is the number that the called were shown
        ("0441112233", "", "PJSIP/101-4"),
        ("0441112233", "101", "Local/0671234567@from-internal-4;2"),
    ],
)
def test_a_call_out_is_one_whatever_number_was_shown(src: str, cnum: str, channel: str) -> None:
    head = [*HEAD.split(","), "cnum"]
    row = [
        "2026-01-02 12:00:00", "", src, "0671234567", "from-internal", channel, "PJSIP/t-5", "Dial",
        "40", "30", "ANSWERED", "3.1", "", "", "3.1", cnum,
    ]  # fmt: skip
    leg = leg_of(1, head, row, ZoneInfo("Europe/Kyiv"))
    assert leg is not None
    call = call_of([leg], "UA").call
    assert (call.direction, call.result, call.to_number) == ("outbound", "answered", "+380671234567")
    assert [party.extension for party in call.parties] == ["101"]


async def test_the_same_history_twice_is_one_and_old_misses_call_nobody_back(hub: Hub) -> None:
    await open_hours(hub)
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    client = await make_client(hub, "Ірина", "0671234567")
    for expected in ({"added": 2}, {"same": 2}):
        file = await put(hub, MISSED + ANSWERED)
        assert {name: n for name, n in file.counts.items() if n} == expected
    assert len(await every_call(hub)) == 2
    assert (await every_call(hub))["cdr:1.1"].client_id == client.id

    def facts(connection: Connection) -> int:
        query = "SELECT count(*) FROM event_outbox WHERE name LIKE 'call.%' OR name LIKE 'task.%'"
        return int(connection.execute(text(query)).scalar_one())

    assert await hub.database.read(facts) == 0
    assert await open_tasks(hub) == ()


async def test_a_try_leaves_no_call(hub: Hub) -> None:
    assert (await put(hub, ANSWERED, is_dry=True)).state == "checked"
    assert await every_call(hub) == {}


async def test_the_page_says_that_it_was_imported_and_programs_see_it_by_the_id(hub: Hub) -> None:
    await put(hub, ANSWERED)
    site = await site_of(hub)
    _, page = await get_text(site, "/calls/cdr:1.1")
    assert "q-600-1.1.wav" in page
    _, call = await get_json(site, "/api/v1/calls/cdr:1.1")
    assert call["id"] == "cdr:1.1"
    await site.close()


@pytest.mark.parametrize("head", ["name,phone", "calldate,src"])
def test_another_table_is_no_history(head: str) -> None:
    assert not is_history(head.split(","))


@pytest.mark.parametrize(
    ("seconds", "phone", "lastapp", "outcome"),
    [
        (30, "PJSIP/101-2", "Dial", "lost_late"),
        (20, "PJSIP/101-2", "Dial", "lost_early"),
        (30, "", "Queue", "lost_late"),
        (30, "", "Playback", "lost_early"),
    ],
    ids=["rang for 30 s", "rang for 20 s", "waited in a queue", "heard the greeting only"],
)
async def test_an_old_missed_call_is_lost_early_or_late_by_what_its_record_says(
    hub: Hub, seconds: int, phone: str, lastapp: str, outcome: OutcomeGroup
) -> None:
    row = (
        f"2026-01-02 11:00:00,,0501112233,600,ext,PJSIP/t-1,{phone},{lastapp},{seconds},0,NO ANSWER,"
        "5.1,0441112233,,5.1\n"
    )
    await put(hub, row)
    async with calls_of(hub) as calls:
        found = (await calls.history(CallFilter(outcome=outcome), limit=5)).items
    assert [(call.id, call.wait_seconds) for call in found] == [("cdr:5.1", float(seconds))]


@pytest.mark.slow
async def test_calls_that_were_taken_in_before_get_their_wait_in_any_order_of_letters(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    await database.open()
    rang = "2026-01-02T09:00:05Z"

    def before(connection: Connection) -> None:
        upgrade(connection, revisions()[revisions().index("0136_old_waits") - 1])
        if connection.dialect.name == "postgresql":  # where `cdr;` stands before `cdr:1`
            order = 'ALTER TABLE calls_calls ALTER COLUMN id TYPE varchar(128) COLLATE "en-x-icu"'
            connection.execute(text(order))
        for call, direction, parties in (
            ("cdr:1", "inbound", f'[{{"rang_at": "{rang}"}}, {{"rang_at": "2026-01-02T09:00:09Z"}}]'),
            ("cdr:2", "inbound", "[]"),
            ("cdr:3", "outbound", f'[{{"rang_at": "{rang}"}}]'),
            ("main:4", "inbound", f'[{{"rang_at": "{rang}"}}]'),
        ):
            connection.execute(_stored(connection, call, direction, parties))
        connection.execute(
            text(
                "INSERT INTO calls_days (shop_id, day, basis, begins_at, ends_at)"
                " VALUES ('main', 1, 'x', '2026-01-02 00:00:00', '2026-01-03 00:00:00')"
            )
        )

    await database.write(before)
    await migrate(database)
    read = text("SELECT id FROM calls_calls WHERE offered_at IS NOT NULL")
    mended = await database.read(lambda connection: list(connection.execute(read).scalars()))
    days = await database.read(lambda c: c.execute(text("SELECT count(*) FROM calls_days")).scalar_one())
    await database.close()
    assert (mended, days) == (["cdr:1"], 0)


def _stored(connection: Connection, call: str, direction: str, parties: str) -> Insert:
    """A row of the version before, with whatever its table asks for."""
    table = Table("calls_calls", MetaData(), autoload_with=connection)
    begun = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    values: dict[str, object] = {"id": call, "direction": direction, "parties": parties, "offered_at": None}
    for column in table.columns:
        if column.name in values or column.nullable or column.server_default is not None:
            continue
        kind = column.type.python_type
        values[column.name] = (
            begun.replace(tzinfo=None) if kind is datetime and connection.dialect.name == "sqlite"
            else begun if kind is datetime else kind()
        )  # fmt: skip
    return insert(table).values(values)
