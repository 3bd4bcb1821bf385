"""What calls add up to: by the shop's own clock, equal to the lists, and the same from the tallies of whole
days as from the calls."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import CallCorrected, CallSnapshot
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import GROUPS, NONE, CallCount, CallFilter, CallsApi, Facet
from hub.modules.calls.rules_statistics import day_number, day_of, midnight, offsets, weekday_of
from hub.modules.calls.service_statistics import FACETS
from tests.factories.calls import MORNING, calls_of, ended, merged, party, tell, tell_calls
from tests.factories.crm import make_client

KYIV = ZoneInfo("Europe/Kyiv")
ZONES = ("Europe/Kyiv", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "America/Havana")
MISSES = ("missed", "voicemail", "short_abandon")
Sums = Counter[tuple[str, str, str, bool, str]]


def summed(counts: Iterable[CallCount]) -> tuple[Sums, Sums]:
    """How many, and how many tenths of a second they talked."""
    calls: Sums = Counter()
    talk: Sums = Counter()
    for one in counts:
        key = (one.facet, one.value, one.direction, one.in_hours, one.outcome)
        calls[key] += one.count
        talk[key] += round(one.talk_seconds * 10)
    return calls, +talk


async def counted(hub: Hub, where: CallFilter, *facets: Facet) -> Counter[str]:
    """The calls by the value of the facets."""
    async with calls_of(hub) as calls:
        found: Counter[str] = Counter()
        for one in await calls.statistics.count(where, facets):
            found[one.value] += one.count
        return found


def at_local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KYIV).astimezone(UTC)


def call_at(call_id: str, moment: datetime, result: str = "answered", **values: object) -> CallSnapshot:
    return ended(call_id, (moment - MORNING).total_seconds(), result, **values)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    moment=st.integers(978_307_200, 2_051_222_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    margin=st.integers(0, 400),
)
def test_the_offsets_of_a_zone_say_what_its_clock_says(zone: ZoneInfo, moment: datetime, margin: int) -> None:
    since = moment - timedelta(days=margin)
    shift = next(seconds for until, seconds in offsets(zone, since, moment) if moment < until)
    local = moment + timedelta(seconds=shift)
    assert local.replace(tzinfo=None) == moment.astimezone(zone).replace(tzinfo=None)


@given(st.dates(date(1999, 1, 1), date(2060, 1, 1)))
def test_a_days_number_leads_back_to_it(day: date) -> None:
    assert day_of(day_number(day)) == day
    assert weekday_of(day_number(day)) == day.weekday()


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-03-29", {"2": 1, "4": 2, "0": 1, "23": 1}),
        ("2026-10-25", {"2": 1, "3": 2, "4": 1, "0": 1, "23": 1}),
    ],
)
async def test_the_days_on_which_the_clocks_change_are_whole_and_by_the_wall(
    hub: Hub, frozen_clock: FrozenClock, day: str, hours: dict[str, int]
) -> None:
    """On the last Sunday of March there is no 03:30; on that of October it comes twice."""
    begin = midnight(date.fromisoformat(day), KYIV)
    frozen_clock.advance((begin + timedelta(days=2) - frozen_clock.now()).total_seconds())
    minutes = [30, 150, 210, 230] if day == "2026-03-29" else [30, 150, 210, 270, 330]
    last = 22.5 * 60 if day == "2026-03-29" else 24.5 * 60
    moments = [begin + timedelta(minutes=m) for m in (*minutes, last)]
    outside = [begin - timedelta(minutes=1), midnight(date.fromisoformat(day) + timedelta(days=1), KYIV)]
    await tell_calls(hub, *(call_at(f"c{n}", m) for n, m in enumerate([*moments, *outside])))
    end = midnight(date.fromisoformat(day) + timedelta(days=1), KYIV)
    where = CallFilter(since=begin, until=end)
    found = await counted(hub, where, "slot")
    assert {str(int(slot) % 24): count for slot, count in found.items()} == hours
    assert {int(slot) // 24 for slot in found} == {6}
    assert await counted(hub, where, "day") == {str(day_number(date.fromisoformat(day))): sum(hours.values())}
    for hour, count in hours.items():
        async with calls_of(hub) as calls:
            assert (await calls.totals(replace(where, weekday=6, hour=int(hour)))).count == count


def some_calls(seed: int, days: int, count: int) -> list[CallSnapshot]:
    """Calls of some weeks, as a shop has them."""
    chance = random.Random(seed)
    made = []
    for n in range(count):
        begun = MORNING - timedelta(days=days) + timedelta(seconds=chance.randrange(days * 86400))
        outbound = chance.random() < 0.2
        result = chance.choice(
            ["answered", "no_answer", "busy", "cancelled"] if outbound
            else ["answered", "answered", "missed", "voicemail", "short_abandon", "unknown"]
        )  # fmt: skip
        waits = chance.choice([3.0, 19.999, 20.0, 20.001, 45.5])
        who = chance.sample(["101", "102", "103"], chance.randint(1, 2))
        number = f"+38050{chance.randrange(20):07d}"
        made.append(
            call_at(
                f"c{n}", begun, result, direction="outbound" if outbound else "inbound",
                from_number=None if outbound else chance.choice([number, number, None]),
                to_number=number if outbound else chance.choice(["+380441234567", "+380447654321"]),
                queue=None if outbound else chance.choice(["sales", None]),
                queued_at=chance.choice([begun, None]), offered_at=chance.choice([begun, None]),
                answered_at=begun + timedelta(seconds=waits) if result == "answered" else None,
                ended_at=begun + timedelta(seconds=waits + 30 if result == "answered" else waits),
                missed_reason=chance.choice(["rang_out", "busy"]) if result in MISSES else None,
                answered_by=who[0] if result == "answered" else None,
                parties=tuple(party(one) for one in who),
            )
        )  # fmt: skip
    return made


async def add_up(hub: Hub) -> int:
    """Every day that can be, as the job does it; how many were."""
    done = 0
    async with calls_of(hub) as calls:
        for shop, day in await calls.days.uncounted(1000):
            mark = await calls.days.begin(shop, day)
            counts = await calls.days.count(shop, day)
            done += counts is not None and await calls.days.finish(shop, day, mark, counts)
    return done


async def test_a_call_that_changes_while_its_day_is_counted_spoils_what_was_counted(hub: Hub) -> None:
    calls = some_calls(4, 3, 40)
    await tell_calls(hub, *calls)
    async with calls_of(hub) as reading:
        [(shop, day), *_] = await reading.days.uncounted(1000)
    changed = next(one for one in calls if day_number(one.started_at.astimezone(KYIV).date()) == day)
    async with calls_of(hub) as first:
        mark = await first.days.begin(shop, day)
    async with calls_of(hub) as reading:
        counts = await reading.days.count(shop, day)
    assert counts
    await tell(hub, CallCorrected(step=9, call=replace(changed, result="unknown", ended_at=None)))
    async with calls_of(hub) as last:
        assert not await last.days.finish(shop, day, mark, counts)
    assert await add_up(hub) == 3
    await both_ways(hub, CallFilter(since=midnight(date(2025, 12, 16), KYIV), until=MORNING))


async def test_a_counting_that_was_broken_off_leaves_nothing_that_is_taken_for_true(hub: Hub) -> None:
    await tell_calls(hub, *some_calls(6, 3, 40))
    async with calls_of(hub) as calls:
        [(shop, day), *_] = await calls.days.uncounted(1000)
        stale = await calls.days.begin(shop, day)
        await calls.days.begin(shop, day)
        assert not await calls.days.finish(shop, day, stale, [])
    whole = CallFilter(since=midnight(date(2025, 12, 16), KYIV), until=MORNING)
    await both_ways(hub, whole)
    assert await add_up(hub) == 3
    await both_ways(hub, whole)


async def both_ways(hub: Hub, where: CallFilter) -> None:
    async with calls_of(hub) as calls:
        fast = await calls.statistics.count(where, FACETS)
        slow = await calls.statistics.count_calls(where, FACETS)
    assert summed(fast) == summed(slow)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_tallies_of_whole_days_never_drift_from_the_calls(hub: Hub, seed: int) -> None:
    calls = some_calls(seed, 20, 150)
    await tell_calls(hub, *calls)
    until = MORNING
    whole = CallFilter(since=midnight(date(2025, 12, 16), KYIV), until=until)
    assert await add_up(hub) == 20
    await both_ways(hub, whole)
    await both_ways(hub, replace(whole, in_hours=True, direction="inbound"))
    await both_ways(
        hub, replace(whole, since=at_local("2025-12-20T13:45"), until=at_local("2025-12-27T00:00"))
    )
    changed = [replace(one, result="unknown", ended_at=None) for one in calls[:40:4]]
    await tell(hub, *(CallCorrected(step=9, call=one) for one in changed))
    await both_ways(hub, whole)
    days = {one.started_at.astimezone(KYIV).date() for one in changed}
    assert await add_up(hub) == len(days - {date(2026, 1, 5)})
    await both_ways(hub, whole)
    await tell(
        hub,
        merged(10, calls[50].call_id, calls[51].call_id),
        merged(10, calls[52].call_id, calls[53].call_id),
    )
    await both_ways(hub, whole)


async def test_a_day_with_a_call_that_goes_on_or_that_is_not_over_is_not_added_up(
    hub: Hub, frozen_clock: FrozenClock
) -> None:
    talking = replace(
        call_at("c1", at_local("2026-01-03T23:50")), state="talking", result=None, ended_at=None
    )
    await tell_calls(hub, talking, call_at("c2", at_local("2026-01-05T08:00")))
    assert await add_up(hub) == 1  # the 4th
    await tell(hub, CallCorrected(step=5, call=call_at("c1", at_local("2026-01-03T23:50"))))
    assert await add_up(hub) == 1
    frozen_clock.advance((at_local("2026-01-06T01:30") - frozen_clock.now()).total_seconds())
    assert await add_up(hub) == 0
    frozen_clock.advance((at_local("2026-01-06T02:30") - frozen_clock.now()).total_seconds())
    assert await add_up(hub) == 1


async def test_another_rule_or_clock_counts_the_days_anew(hub: Hub) -> None:
    await tell_calls(hub, *some_calls(5, 5, 60))
    assert await add_up(hub) == 5
    settings = hub.installation.deps.settings
    other = replace(
        hub.installation.deps,
        settings=replace(settings, reports=replace(settings.reports, answer_within=40.0)),
    )
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = CallsApi(uow, other)
        where = CallFilter(since=midnight(date(2025, 12, 30), KYIV), until=MORNING)
        fast = await api.statistics.count(where, ["all"])
        assert summed(fast) == summed(await api.statistics.count_calls(where, ["all"]))
        assert len(await api.days.uncounted(100)) == 5


@pytest.mark.parametrize("facet", ["line", "queue", "answered_by", "caller", "reason", "slot"])
async def test_every_count_equals_the_list_behind_it(hub: Hub, facet: Facet) -> None:
    await tell_calls(hub, *some_calls(7, 10, 120))
    async with calls_of(hub) as calls:
        await calls.save_line("+380447654321", "Second", "radio", FIRST_SHOP)
        where = CallFilter(since=MORNING - timedelta(days=11), until=MORNING, direction="inbound")
        counts = await calls.statistics.count(where, [facet])
        assert counts
        for value in sorted({one.value for one in counts}):
            for group in sorted(GROUPS):
                mine = [one for one in counts if one.value == value and one.outcome in GROUPS[group]]
                narrow = _narrowed(replace(where, outcome=group), facet, value)
                if narrow is not None:
                    total = (await calls.totals(narrow)).count
                    assert (value, group, total) == (value, group, sum(one.count for one in mine))
        radio = sum(one.count for one in counts if one.value == "+380447654321")
        if facet == "line":
            assert (await calls.totals(replace(where, source="radio"))).count == radio
            total = (await calls.totals(where)).count
            assert (await calls.totals(replace(where, source=NONE))).count == total - radio


def _narrowed(where: CallFilter, facet: Facet, value: str) -> CallFilter | None:
    if facet == "slot":
        return replace(where, weekday=int(value) // 24, hour=int(value) % 24)
    if facet == "reason":
        return replace(where, missed_reason=value) if value else None
    if facet == "answered_by":
        return replace(where, answered_by=(value,)) if value else None
    changed: dict[str, Any] = {facet: value or NONE}
    return replace(where, **changed)


async def test_a_number_is_new_once_and_never_when_somebody_knows_it(hub: Hub) -> None:
    await make_client(hub, "Ірина", "0507777777")
    await tell_calls(hub, ended("1", 0, "missed", from_number="+380501111111"))
    await tell_calls(
        hub, ended("2", 60, "answered", from_number="+380501111111"),
        ended("3", 70, "answered", from_number="+380507777777"),
        ended("4", 90, "answered", from_number="+380502222222"),
        ended("5", 80, "answered", from_number="+380502222222"),
        ended("6", 95, "answered", from_number=None),
    )  # fmt: skip
    await tell(hub, CallCorrected(step=9, call=ended("1", 0, "answered", from_number="+380501111111")))
    async with calls_of(hub) as calls:
        listed = {
            kind: [c.id for c in (await calls.history(CallFilter(caller=kind))).items]
            for kind in ("new", "known", "withheld", "not_noted")
        }
    assert listed == {"new": ["5", "1"], "known": ["4", "3", "2"], "withheld": ["6"], "not_noted": []}


async def test_a_lost_client_is_counted_once_and_only_while_nobody_has_talked_to_him(hub: Hub) -> None:
    one, two, three = "+380501111111", "+380502222222", "+380503333333"
    supplier = await make_client(hub, "Запчастини", "0504444444", relation="supplier")
    assert supplier.relation == "supplier"
    await tell_calls(
        hub, ended("1", 0, "missed", from_number=one), ended("2", 60, "voicemail", from_number=one),
        ended("3", 0, "missed", from_number=two), ended("4", 5, "short_abandon", from_number=three),
        ended("5", 10, "missed", from_number="+380504444444"), ended("6", 12, "missed", from_number=None),
        ended("7", 200, "answered", direction="outbound", from_number=None, to_number=two, talk_seconds=14.9),
    )  # fmt: skip
    where = CallFilter(since=MORNING, until=MORNING + timedelta(hours=1))

    async def lost() -> list[str]:
        async with calls_of(hub) as calls:
            found = await calls.statistics.lost(where)
            return [call.call_id for call in await calls.statistics.lost_calls(found)]

    assert await lost() == ["2", "3"]
    await tell_calls(hub, ended("8", 900_000, "answered", from_number=two, talk_seconds=15.0))
    assert await lost() == ["2"]
    await tell_calls(hub, ended("9", 901_000, "missed", from_number=one))
    assert await lost() == ["2"]
