"""The report on calls: a Friday that was tallied by hand comes out exactly; every number opens the calls that
it counts; everybody sees as far as the right reaches."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import CallEnded, CallQueued, CallSnapshot, CallStarted
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, hash_password
from hub.modules.tasks.rules_time import Calendar, working_seconds
from hub.ports.intake import Arrival
from tests.factories.calls import calls_of, ended, party, snapshot, tell_calls
from tests.factories.site import Client, get_json, get_text, site_of
from tests.factories.tasks import IHOR, happen, open_hours, tasks_of
from tests.webui.stage import PASSWORD, open_shop

KYIV = ZoneInfo("Europe/Kyiv")
FRIDAY = datetime(2026, 1, 9, 9, 0, tzinfo=KYIV).astimezone(UTC)
EVENING = datetime(2026, 1, 9, 19, 30, tzinfo=KYIV).astimezone(UTC)
DAY = {"from": "2026-01-09", "to": "2026-01-09"}


@pytest.fixture
async def site(hub: Hub, frozen_clock: FrozenClock) -> AsyncIterator[Client]:
    await open_hours(hub)
    frozen_clock.advance((EVENING - frozen_clock.now()).total_seconds())
    client = await site_of(hub)
    yield client
    await client.close()


def friday() -> Iterator[CallSnapshot]:
    """212 calls in hours: 190 answered (171 within 20 s), 14 missed (12 after 20 s), 8 short; and some that
    count nowhere here: after hours, outbound, internal, of Thursday."""
    waits = [("answered", 20.0)] * 100 + [("answered", 4.5)] * 71 + [("answered", 20.001)] * 19
    waits += [("missed", 20.001)] * 5 + [("missed", 45.0)] * 7 + [("missed", 20.0), ("missed", 11.0)]
    waits += [("short_abandon", 3.0)] * 8
    for number, (result, seconds) in enumerate(waits):
        yield call(f"f{number}", FRIDAY + timedelta(seconds=150 * number), result, seconds, number)
    late = FRIDAY + timedelta(hours=9, minutes=30)
    yield call("after", late, "missed", 30.0, 300)
    yield call("thursday", FRIDAY - timedelta(days=1), "answered", 5.0, 301)
    outbound = {"direction": "outbound", "from_number": None, "to_number": "+380509999999", "queue": None}
    yield replace(call("out1", FRIDAY, "answered", 5.0, 302), queued_at=None, **outbound)
    yield replace(call("out2", FRIDAY, "no_answer", 25.0, 303), queued_at=None, **outbound)
    yield replace(call("in", FRIDAY, "answered", 5.0, 304), direction="internal", queued_at=None, queue=None)


def call(call_id: str, begun: datetime, result: str, seconds: float, number: int) -> CallSnapshot:
    """Through the greeting of eight seconds into the queue, or (each third) straight to a group."""
    heard = begun + timedelta(seconds=8)
    over = heard + timedelta(seconds=seconds)
    talked = result == "answered"
    is_group = number % 3 == 0
    who = ["101", "102"][number % 2]
    return replace(
        ended(call_id, 0, result), started_at=begun, queue=None if is_group else "reception",
        queued_at=None if is_group else heard, offered_at=heard if is_group else heard + timedelta(seconds=2),
        from_number=f"+38050{number:07d}", answered_at=over if talked else None,
        ended_at=over + timedelta(seconds=90) if talked else over, wait_seconds=8 + seconds,
        talk_seconds=90.0 if talked else 0.0, answered_by=who if talked else None,
        missed_reason=None if talked else "rang_out",
        parties=(party(who, outcome="answered" if talked else "no_answer"),),
    )  # fmt: skip


async def play(hub: Hub, *calls: CallSnapshot) -> None:
    """By the stream of facts, each call from its beginning to its end, and the end a second time."""
    for one in calls:
        begun = replace(
            snapshot(one.call_id), from_number=one.from_number, to_number=one.to_number,
            direction=one.direction, started_at=one.started_at, queued_at=None, offered_at=None, parties=(),
        )  # fmt: skip
        waits = replace(begun, queued_at=one.queued_at, queue=one.queue)
        facts = (CallStarted(step=1, call=begun), CallQueued(step=2, call=waits), CallEnded(step=3, call=one))
        arrivals = [
            Arrival(source="ami", external_id=f"{one.call_id}:{n}", occurred_at=one.started_at, event=event)
            for n, event in enumerate(facts)
        ]
        await hub.intake.accept([*arrivals, arrivals[-1]])


def numbers(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-(?:number|rate)="(\w+)"[^>]*>([^<]*)<', page))


@pytest.mark.slow
async def test_the_friday_comes_out_as_it_was_tallied_by_hand(hub: Hub, site: Client) -> None:
    await hub.start()
    await play(hub, *friday())
    _, page = await get_text(site, "/reports/calls", period="today")
    found = numbers(page)
    assert (found["counted"], found["answered"], found["in_time"]) == ("212", "190", "171")
    assert (found["missed"], found["missed_late"], found["short"]) == ("14", "12", "8")
    assert (found["service_level"], found["answer_rate"], found["outside"]) == ("84,7 %", "89,6 %", "1")
    assert "171 / 202" in page
    said = "Прийняті за 20 секунд, поділені на всі прийняті та втрачені після 20 секунд."
    assert said in page
    status, body = await get_json(site, "/api/v1/reports/calls", period="today")
    inbound = body["inbound"]
    assert (status, inbound["service_level"], inbound["answer_rate"]) == (200, 84.7, 89.6)
    assert (inbound["calls"], inbound["answered"], inbound["answered_in_time"]) == (212, 190, 171)
    assert (inbound["missed"], inbound["missed_late"], inbound["short_abandon"]) == (14, 12, 8)
    assert (inbound["lost_early"], body["before"]["calls"], body["outbound"]["calls"]) == (10, 1, 2)
    async with site.get("/reports/calls.csv", params=DAY) as answer:
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert rows[1][2:12] == ["212", "190", "171", "14", "12", "0", "8", "0", "84.7", "89.6"]
    async with site.get("/reports/calls.xlsx", params=DAY) as answer:
        book = zipfile.ZipFile(io.BytesIO(await answer.read()))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>212</v>" in sheet
    assert "<v>84.7</v>" in sheet
    assert "<f>" not in sheet


async def test_it_is_written_as_ukrainians_write(hub: Hub, site: Client) -> None:
    await tell_calls(
        hub, call("1", FRIDAY, "answered", 5, 1), call("2", FRIDAY, "answered", 5, 2),
        call("3", FRIDAY, "missed", 30, 3),
    )  # fmt: skip
    _, page = await get_text(site, "/reports/calls", **{**DAY, "from": "2026-01-08"})
    assert numbers(page)["service_level"] == "66,7 %"
    assert '<th scope="row">9 січ. 2026, пт</th>' in page


@pytest.mark.slow
async def test_the_list_behind_every_number_has_as_many_calls(hub: Hub, site: Client) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        await access.create_person("Оксана", "receptionist", extensions=["101", "201"], mobile="0671112233")
    async with calls_of(hub) as calls:
        await calls.save_line("+380441234567", "Main", "radio", FIRST_SHOP)
    told = list(friday())[::4]
    told[1] = replace(told[1], to_number=None, dialled=None, from_number=None)
    told[2] = replace(told[2], parties=(party("101"), party("201"), party("103")), answered_by="201")
    told[-12] = replace(told[-12], result="voicemail", parties=(party("101"), party("201")))
    told.append(replace(told[-1], call_id="x1", result="unknown", direction="inbound"))
    await tell_calls(hub, *told)
    seen: dict[str, int] = {}
    for hours in ("in", "out", "all"):
        for heat in ("", "lost"):
            _, page = await get_text(site, "/reports/calls", **DAY, hours=hours, heat=heat)
            for address, count in re.findall(
                r'class="reports-number" href="(/calls[^"]*)"[^>]*>(\d+)<', page
            ):
                seen[unescape(address)] = int(count)
    assert len(seen) > 100
    assert sum(seen.values()) > 1000
    wrong = {}
    for address, count in seen.items():
        async with site.get(address + "&part=list") as answer:
            total = re.search(r'data-total="count">(\d+)<', await answer.text())
        if total is None or int(total[1]) != count:
            wrong[address] = (count, total and total[1])
    assert wrong == {}


async def test_lost_clients_are_listed_once_until_somebody_has_reached_them(hub: Hub, site: Client) -> None:
    await happen(
        hub, call("a1", FRIDAY, "missed", 30, 1), call("a2", FRIDAY + timedelta(minutes=5), "missed", 30, 1),
        call("b1", FRIDAY, "missed", 30, 2), call("c1", FRIDAY, "missed", 30, 3),
        call("d1", FRIDAY + timedelta(minutes=1), "short_abandon", 3, 4),
        call("c2", FRIDAY + timedelta(minutes=12), "answered", 5, 3),
    )  # fmt: skip

    async def lost() -> tuple[str, list[str]]:
        _, page = await get_text(site, "/reports/calls", **DAY)
        _, listed = await get_text(site, "/reports/calls/lost", **DAY)
        total = re.search(r'data-total="count">(\d+)<', listed)
        calls = re.findall(r'data-call="([^"]+)"', listed)
        assert total is not None
        assert int(total[1]) == len(calls)
        return numbers(page)["lost_clients"], calls

    assert await lost() == ("2", ["a2", "b1"])
    async with tasks_of(hub) as tasks:
        task = next(t for t in await tasks.reading.open(None) if t.number == f"+38050{2:07d}")
        await tasks.doing.answer(task.id, IHOR, True, None)
    assert await lost() == ("1", ["a2"])


async def test_how_fast_they_were_called_back_is_told_in_working_time(hub: Hub, site: Client) -> None:
    closing = FRIDAY + timedelta(hours=8, minutes=58)  # 17:58; the next morning begins at nine
    tried = replace(
        call("t1", FRIDAY + timedelta(hours=24, minutes=1), "no_answer", 30, 1), direction="outbound",
        from_number=None, to_number=f"+38050{1:07d}", queue=None, queued_at=None,
        legs=ended("t", 0, "no_answer", direction="outbound").legs,
    )  # fmt: skip
    reached = replace(
        tried,
        call_id="t2",
        result="answered",
        started_at=FRIDAY + timedelta(hours=24, minutes=11),
        talk_seconds=60.0,
    )
    await happen(
        hub, call("m1", closing, "missed", 30, 1), tried, reached, call("m2", FRIDAY, "missed", 30, 2)
    )
    _, body = await get_json(site, "/api/v1/reports/calls", **DAY)
    assert body["callbacks"] == {
        "count": 2, "tried": 1, "reached": 1, "to_first_try": 180.0, "to_reached": 780.0
    }  # fmt: skip


def test_working_time_between_two_moments_leaves_out_what_is_closed() -> None:
    hours = {day: [] for day in range(7)}
    assert working_seconds(Calendar(zone=KYIV, hours=hours, special={}), FRIDAY, EVENING) == 10.5 * 3600


async def test_a_receptionist_sees_the_calls_of_her_own_telephones_and_takes_nothing_away(
    hub: Hub, frozen_clock: FrozenClock
) -> None:
    frozen_clock.advance((EVENING - frozen_clock.now()).total_seconds())
    await tell_calls(
        hub, call("1", FRIDAY, "answered", 5, 1), call("2", FRIDAY, "answered", 5, 2),
        call("3", FRIDAY, "missed", 30, 3),
    )  # fmt: skip
    async with open_shop(hub, frozen_clock, await hash_password(PASSWORD)) as shop:
        await shop.person("receptionist", extensions=["102"])
        other = await shop.person("manager", extensions=["101"])
        browser = await shop.sign_in("receptionist")
        for asked in ({}, {"person": other.id}):
            status, page = await get_text(browser, "/reports/calls", **DAY, hours="all", **asked)
            found = numbers(page)
            assert (status, found["counted"], found["answered"], found["missed"]) == (200, "2", "1", "1")
        assert (await get_text(browser, "/reports/calls.csv"))[0] == 403
    client = await site_of(hub, "receptionist")  # the key of a program has no telephone
    _, page = await get_text(client, "/reports/calls", **DAY, hours="all")
    assert "data-rate" not in page
    await client.close()


async def test_who_may_see_reports(hub: Hub) -> None:
    for role, expected in (("manager", 200), ("mechanic", 403), ("integration", 200)):
        other = await site_of(hub, role)
        assert (await get_text(other, "/reports/calls"))[0] == expected
        assert (await get_json(other, "/api/v1/reports/calls"))[0] == expected
        await other.close()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from": "yesterday"}, "reports.day"), ({"from": "0001-01-01"}, "reports.day"),
        ({"from": "2000-01-01"}, "reports.too_long"),
    ],
)  # fmt: skip
async def test_days_that_are_none_are_refused_in_words(
    site: Client, asked: dict[str, str], code: str
) -> None:
    status, page = await get_text(site, "/reports/calls", **asked)
    assert (status, code in page) == (422, True)


async def test_a_year_is_shown_by_month_and_a_time_turned_round_is_understood(hub: Hub, site: Client) -> None:
    await tell_calls(hub, call("1", FRIDAY, "answered", 5, 1))
    _, body = await get_json(site, "/api/v1/reports/calls", **{"from": "2026-01-20", "to": "2025-02-10"})
    assert [day["first"] for day in body["days"]][:2] == ["2025-02-10", "2025-03-01"]
    assert body["days"][-1] == {**body["days"][-1], "first": "2026-01-01", "last": "2026-01-20"}
    assert body["lost_clients"] is None
    assert body["days"][-1]["sums"]["calls"] == body["inbound"]["calls"] == 1


async def test_a_day_without_calls_says_what_to_do(site: Client) -> None:
    _, page = await get_text(site, "/reports/calls", **{"from": "2001-01-01", "to": "2001-01-01"})
    assert 'class="empty"' in page
