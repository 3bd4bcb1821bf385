"""The tallies of whole months, of everybody and of each person, say the same as the calls; and a month of
which a day was spoilt says nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.events.calls import CallCorrected, CallSnapshot
from hub.kernel.shops import FIRST_SHOP, Place
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls.api import CallCount, CallFilter, CallsApi
from hub.modules.calls.rules_statistics import day_number, day_of, days_of_month, midnight, month_number
from hub.modules.calls.service_statistics import FACETS
from hub.values import ShopId
from tests.factories.calls import MORNING, calls_of, ended, fact, party, tell, tell_calls

KYIV = ZoneInfo("Europe/Kyiv")
WHOLE = CallFilter(since=midnight(date(2025, 10, 20), KYIV), until=MORNING)
NOVEMBER = month_number(date(2025, 11, 1))
OKSANA, IHOR = ("101", "+380679998877"), ("102",)
FOLK = [None, OKSANA, IHOR]


def autumn(seed: int, count: int = 160) -> list[CallSnapshot]:
    """Calls of eleven weeks: October in part, November and December whole."""
    chance = random.Random(seed)
    made = []
    for n in range(count):
        result = chance.choice(["answered", "answered", "missed", "short_abandon", "voicemail"])
        who = chance.sample([*OKSANA, *IHOR, "103"], chance.randint(1, 3))
        begun = -chance.randrange(76 * 86400)
        made.append(
            ended(
                f"c{n}", begun, result, queue=chance.choice(["sales", None]),
                from_number=f"+38050{chance.randrange(30):07d}",
                answered_by=who[0] if result == "answered" else None,
                parties=tuple(party(None if one[0] == "+" else one, number=one) for one in who),
            )
        )  # fmt: skip
    made.append(ended("first", -76 * 86400, "missed"))
    return made


async def furnish(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        await access.create_person("Оксана", "receptionist", extensions=OKSANA[:1], mobile=OKSANA[1])
        await access.create_person("Ігор", "receptionist", extensions=IHOR)


async def add_up(hub: Hub) -> list[tuple[ShopId, int, str]]:
    """As the job does it; the months that were."""
    async with calls_of(hub) as calls:
        for shop, day in await calls.days.uncounted(1000):
            mark = await calls.days.begin(shop, day)
            await calls.days.finish(shop, day, mark, await calls.days.count(shop, day) or [])
        due = await calls.months.uncounted(1000)
        for one in due:
            mark = await calls.months.begin(*one)
            assert await calls.months.finish(*one, mark, await calls.months.count(*one))
    return due


def summed(counts: Iterable[CallCount]) -> Counter[tuple[str, str, str, bool, str]]:
    """Days are told by their month."""
    found: Counter[tuple[str, str, str, bool, str]] = Counter()
    for one in counts:
        value = str(month_number(day_of(int(one.value)))) if one.facet == "day" else one.value
        found[one.facet, value, one.direction, one.in_hours, one.outcome] += one.count
        found[one.facet, value, "tenths of a second", one.in_hours, one.outcome] += round(
            one.talk_seconds * 10
        )
    return +found


async def both_ways(hub: Hub, where: CallFilter) -> None:
    async with calls_of(hub) as calls:
        fast = await calls.statistics.count(where, FACETS, by_month=True)
        slow = await calls.statistics.count_calls(where, FACETS)
    assert summed(fast) == summed(slow)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.slow
async def test_months_never_drift_from_the_calls(hub: Hub, seed: int) -> None:
    await furnish(hub)
    calls = autumn(seed)
    await tell_calls(hub, *calls)
    # Two whole months of everybody and of two people, of whom one has two telephones.
    assert len(await add_up(hub)) == 6
    assert await add_up(hub) == []
    for who in FOLK:
        await both_ways(hub, replace(WHOLE, person=who))
        await both_ways(hub, replace(WHOLE, person=who, in_hours=True, direction="inbound"))
    in_november = [one for one in calls if one.started_at.astimezone(KYIV).month == 11]
    await tell(hub, CallCorrected(step=9, call=replace(in_november[0], result="unknown", ended_at=None)))
    for who in FOLK:
        await both_ways(hub, replace(WHOLE, person=who))
    assert {month for _, month, _ in await add_up(hub)} == {NOVEMBER}
    for who in FOLK:
        await both_ways(hub, replace(WHOLE, person=who))


async def test_a_month_of_which_a_day_is_counted_anew_meanwhile_is_not_kept(hub: Hub) -> None:
    days = list(days_of_month(NOVEMBER))
    first = ended("first", -70 * 86400, "answered")
    await tell_calls(hub, first, ended("c1", -50 * 86400, "answered"))
    await add_up(hub)
    async with calls_of(hub) as calls:
        mark = await calls.months.begin(FIRST_SHOP, NOVEMBER, "")
        counts = await calls.months.count(FIRST_SHOP, NOVEMBER, "")
        await calls.days.begin(FIRST_SHOP, days[15])
        assert not await calls.months.finish(FIRST_SHOP, NOVEMBER, "", mark, counts)
    await both_ways(hub, WHOLE)
    assert [month for _, month, _ in await add_up(hub)] == [NOVEMBER]


async def test_somebody_new_is_counted_back_and_whose_telephones_changed(hub: Hub) -> None:
    await tell_calls(hub, *autumn(5, 40))
    assert {who for _, _, who in await add_up(hub)} == {""}
    await furnish(hub)
    assert {who for _, _, who in await add_up(hub)} == {",".join(sorted(OKSANA)), "102"}
    async with calls_of(hub) as calls:
        other = replace(WHOLE, person=("101", "103"))
        assert summed(await calls.statistics.count(other, FACETS, by_month=True)) == summed(
            await calls.statistics.count_calls(other, FACETS)
        )


async def test_shops_in_other_zones_count_by_their_own_clocks(hub: Hub) -> None:
    """Lisbon is two hours behind Kyiv: whoever asks from either sees the same calls, each by its own wall."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(
            name="Lisboa", country="PT", timezone="Europe/Lisbon", currency="EUR", language="en"
        )
        lisbon = (await AccessApi(uow, hub.installation.deps).shops.create(entry)).id
    hub.installation.deps.places.learn({lisbon: Place("PT", ZoneInfo("Europe/Lisbon"))})
    near_midnight = midnight(date(2025, 12, 10), KYIV) + timedelta(minutes=30)
    seconds = (near_midnight - MORNING).total_seconds()
    await tell_calls(hub, *autumn(7, 60), ended("kyiv", seconds, "answered"))
    there = [replace(one, call_id=f"l{one.call_id}") for one in autumn(8, 60)]
    for call in (*there, ended("lisbon", seconds, "missed")):
        await tell(hub, fact(1, call), shop_id=lisbon)
    await add_up(hub)
    for shop in (FIRST_SHOP, lisbon):
        zone = hub.installation.deps.places.of(shop).zone
        async with hub.transactions.reading(actor=None, shop_id=shop) as uow:
            statistics = CallsApi(uow, hub.installation.deps).statistics
            where = CallFilter(since=midnight(date(2025, 10, 20), zone), until=MORNING.astimezone(UTC))
            for shops in (None, frozenset({FIRST_SHOP}), frozenset({lisbon})):
                one = replace(where, shops=shops)
                fast = await statistics.count(one, FACETS, by_month=True)
                assert summed(fast) == summed(await statistics.count_calls(one, FACETS))
            hour = replace(where, since=near_midnight, until=near_midnight + timedelta(minutes=1))
            days = {one.value for one in await statistics.count(hour, ["day"])}
            slots = {int(one.value) % 24 for one in await statistics.count(hour, ["slot"])}
            assert days == {str(day_number(date(2025, 12, 9))), str(day_number(date(2025, 12, 10)))}
            assert slots == {0, 22}
