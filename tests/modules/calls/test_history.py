"""The history: filters, totals that equal the list, pages that stay right, notes, lines, gaps."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.errors import Conflict, Invalid, NotFound
from hub.events.calls import CallSnapshot
from hub.kernel.context import UnitOfWork
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.calls.periods import bounds
from hub.modules.calls.service_gaps import GapService
from hub.values import ShopId
from tests.factories.calls import (
    LINE,
    MORNING,
    at,
    calls_of,
    ended,
    history,
    party,
    snapshot,
    tell_calls,
)
from tests.factories.crm import make_client

RESULTS = ("answered", "answered", "answered", "missed", "short_abandon", "voicemail")
LINES = (LINE, "+380442222222")


def a_days_calls(seed: int, count: int) -> list[CallSnapshot]:
    """Calls of all kinds, some at the very same moment."""
    chance = random.Random(seed)
    calls = []
    for number in range(count):
        direction = chance.choice(("inbound", "inbound", "outbound", "internal"))
        result = chance.choice(RESULTS) if direction == "inbound" else chance.choice(("answered", "busy"))
        outside = f"+38050123450{chance.randrange(5)}"
        numbers = {
            "inbound": (outside, chance.choice(LINES)),
            "outbound": (chance.choice(LINES), outside),
            "internal": ("101", "105"),
        }[direction]
        extension = chance.choice(("101", "102", "105"))
        calls.append(
            ended(
                f"b1:{number}.1", chance.randrange(40), result, direction=direction, from_number=numbers[0],
                to_number=numbers[1], dialled=numbers[1], queue=chance.choice((None, "front")),
                is_complete=chance.random() < 0.8, parties=(party(extension, outcome="answered"),),
                answered_by=extension if result == "answered" else None, last_extension=None,
            )
        )  # fmt: skip
    return calls


async def everything(hub: Hub, where: CallFilter, limit: int = 200) -> list[CallView]:
    """The whole list, page by page."""
    found: list[CallView] = []
    cursor: str | None = None
    while True:
        page = await history(hub, where, cursor=cursor, limit=limit)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


FILTERS = [
    CallFilter(), CallFilter(direction="inbound"), CallFilter(direction="outbound"),
    CallFilter(direction="internal"), CallFilter(result="missed"), CallFilter(result="answered"),
    CallFilter(state="ended"), CallFilter(state="ringing"), CallFilter(person=("101",)),
    CallFilter(person=("101", "105")), CallFilter(person=()),
    CallFilter(person=("101", "105"), since=at(10), until=at(20)),
    CallFilter(person=("101",), result="missed"), CallFilter(line=LINE),
    CallFilter(line="044 123 45 67"), CallFilter(queue="front"), CallFilter(number="0501234501"),
    CallFilter(number="(050) 123-45-01", direction="outbound"), CallFilter(number=LINE),
    CallFilter(number="101"), CallFilter(number="nobody"), CallFilter(is_complete=False),
    CallFilter(since=at(10), until=at(20)), CallFilter(since=at(10), number="0501234502", person=("102",)),
    CallFilter(shops=frozenset({FIRST_SHOP})), CallFilter(shops=frozenset({ShopId("other")})),
    CallFilter(shops=frozenset()), CallFilter(client_id="nobody"),
]  # fmt: skip


def fits(call: CallView, where: CallFilter) -> bool:
    """The filter in Python, written anew from product.md."""
    sides = {call.from_number, call.to_number}
    people = {p.who for p in call.parties} | {call.answered_by}
    people |= sides if call.direction == "internal" else set()
    asked = {"0501234501": "+380501234501", "(050) 123-45-01": "+380501234501", "0501234502": "+380501234502"}
    number = asked.get(where.number or "", where.number)
    line = LINE if where.line is not None else None
    return all(
        (
            where.shops is None or call.shop_id in where.shops,
            where.since is None or call.started_at >= where.since,
            where.until is None or call.started_at < where.until,
            where.direction in (None, call.direction),
            where.result in (None, call.result),
            where.state in (None, call.state),
            where.person is None or bool(people & set(where.person)),
            line in (None, call.line),
            where.queue in (None, call.queue),
            number is None or number in sides,
            where.client_id in (None, call.client_id),
            where.is_complete in (None, call.is_complete),
        )
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_filter_lists_what_fits_and_totals_equal_the_list(hub: Hub, seed: int) -> None:
    await tell_calls(hub, *a_days_calls(seed, 80))
    all_calls = await everything(hub, CallFilter())
    assert len(all_calls) == 80
    for where in FILTERS:
        listed = await everything(hub, where, limit=7)
        wanted = [call.id for call in all_calls if fits(call, where)]
        assert [call.id for call in listed] == wanted, where
        async with calls_of(hub) as calls:
            totals = await calls.totals(where)
        results = Counter(call.result for call in listed)
        directions = Counter(call.direction for call in listed)
        assert totals.count == len(listed), where
        assert (totals.answered, totals.missed) == (results["answered"], results["missed"])
        assert (totals.short_abandons, totals.voicemail) == (results["short_abandon"], results["voicemail"])
        assert (totals.inbound, totals.outbound) == (directions["inbound"], directions["outbound"])
        assert totals.internal == directions["internal"]
        assert totals.talk_seconds == round(sum(call.talk_seconds for call in listed), 1)


async def test_the_list_is_newest_first(hub: Hub) -> None:
    await tell_calls(hub, *a_days_calls(3, 50))
    moments = [(call.started_at, call.id) for call in await everything(hub, CallFilter(), limit=9)]
    assert moments == sorted(moments, reverse=True)


async def test_pages_join_without_a_seam_while_calls_arrive(hub: Hub) -> None:
    await tell_calls(hub, *a_days_calls(4, 30))
    before = [call.id for call in await everything(hub, CallFilter())]
    seen: list[str] = []
    cursor: str | None = None
    for turn in range(6):
        page = await history(hub, CallFilter(), cursor=cursor, limit=5)
        seen += [call.id for call in page.items]
        cursor = page.next
        await tell_calls(hub, snapshot(f"b9:{turn}.1", started_at=at(1000 + turn)))
    assert seen == before
    assert cursor is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "====", "4pyT", "MjAyNg", "bm90IGEgZGF5fHg", "\u20ac", "a" * 5000]
)
@pytest.mark.one_on_postgres
async def test_a_cursor_that_is_not_ours_is_refused(hub: Hub, cursor: str) -> None:
    with pytest.raises(Invalid):
        await history(hub, CallFilter(), cursor=cursor)


async def test_live_calls_stand_oldest_first_and_ended_ones_not_at_all(hub: Hub) -> None:
    await tell_calls(
        hub, ended("b1:1.1", 0, "missed"), snapshot("b1:3.1", started_at=at(9)),
        snapshot("b1:2.1", started_at=at(3), state="parked"),
    )  # fmt: skip
    async with calls_of(hub) as calls:
        assert [call.id for call in await calls.live_calls()] == ["b1:2.1", "b1:3.1"]
        assert await calls.live_calls(shops=frozenset({ShopId("other")})) == ()


async def test_the_last_calls_of_a_client_come_by_every_phone(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0501111111", "0502222222")
    await tell_calls(
        hub, ended("b1:1.1", 0, "missed", from_number="+380501111111"),
        ended("b1:2.1", 5, "missed", from_number="+380502222222"),
        ended("b1:3.1", 9, "missed", from_number="+380503333333"),
    )  # fmt: skip
    async with calls_of(hub) as calls:
        by_client = await calls.last_calls(client_id=client.id)
        without_one = await calls.last_calls(client_id=client.id, skip="b1:2.1")
        by_number = await calls.last_calls(number="050 333 33 33")
        of_nobody = await calls.last_calls(number="anonymous")
    assert [call.id for call in by_client] == ["b1:2.1", "b1:1.1"]
    assert [call.id for call in without_one] == ["b1:1.1"]
    assert [call.id for call in by_number] == ["b1:3.1"]
    assert of_nobody == ()


async def test_a_note_is_kept_with_its_author_and_changes_the_call(hub: Hub) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    async with calls_of(hub) as calls:
        note = await calls.add_note("b1:1.1", "  Octavia,\r\nколодки ", author_name="Оксана")
        call = await calls.call("b1:1.1")
    assert (note.text, note.author_name, note.author_id) == ("Octavia,\nколодки", "Оксана", "person:tester")
    assert call.rev == 2


@pytest.mark.parametrize("words", ["", "  \n ", "\x00", "x" * 4001])
@pytest.mark.one_on_postgres
async def test_an_empty_or_endless_note_is_refused(hub: Hub, words: str) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    async with calls_of(hub) as calls:
        with pytest.raises(Invalid):
            await calls.add_note("b1:1.1", words, author_name="Оксана")


async def test_no_note_reaches_another_shops_call(hub: Hub) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    async with calls_of(hub) as calls:
        with pytest.raises(NotFound):
            await calls.add_note("b1:1.1", "x", author_name="y", shops=frozenset({ShopId("other")}))


async def test_a_line_is_named_once_and_changed_by_revision(hub: Hub) -> None:
    async with calls_of(hub) as calls:
        line = await calls.save_line("(044) 123-45-67", "Головна", "сайт", FIRST_SHOP)
        with pytest.raises(Conflict):
            await calls.save_line("0441234567", "Ще раз", "", FIRST_SHOP)
        changed = await calls.save_line("0441234567", "Приймальня", "карти", FIRST_SHOP, rev=line.rev)
        with pytest.raises(Conflict):
            await calls.save_line("0441234567", "Пізно", "", FIRST_SHOP, rev=line.rev)
    assert (changed.number, changed.name, changed.source, changed.rev) == (LINE, "Приймальня", "карти", 2)


def gap_service(hub: Hub, uow: UnitOfWork) -> GapService:
    return GapService(uow, hub.installation.clock)


async def test_an_outage_is_one_gap_however_often_it_is_told(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        gaps = gap_service(hub, uow)
        for _ in range(2):
            await gaps.lost("ami", at(0), "Connection refused")
        calls = CallsApi(uow, hub.installation.deps)
        assert [(g.began_at, g.ended_at) for g in await calls.gaps(None, None)] == [(at(0), None)]
        for _ in range(2):
            await gaps.restored("ami", at(40), at(0))
        assert [(g.began_at, g.ended_at, g.kind) for g in await calls.gaps(None, None)] == [
            (at(0), at(40), "lost")
        ]


async def test_an_outage_whose_beginning_was_not_written_is_dated_by_the_return(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        gaps = gap_service(hub, uow)
        await gaps.restored("ami", at(40), at(10))
        await gaps.restored("ami", at(90), None)
        await gaps.dropped("ami", at(95), 12)
        await gaps.dropped("ami", at(95), 12)
        found = await gaps.between(at(0), at(200))
        assert [(g.kind, g.began_at, g.dropped) for g in found] == [
            ("dropped", at(95), 12),
            ("lost", at(10), 0),
        ]
        assert await gaps.between(at(100), at(200)) == ()


KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("name", "now", "hours"),
    [
        ("today", datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        ("today", datetime(2026, 10, 25, 12, tzinfo=UTC), 25), ("today", MORNING, 24),
        ("yesterday", MORNING, 24), ("week", MORNING, 7 * 24), ("month", MORNING, 30 * 24),
        ("custom", MORNING, 3 * 24),
    ],
)  # fmt: skip
def test_a_period_is_whole_days_of_the_shop(name: str, now: datetime, hours: int) -> None:
    since, until = bounds(name, date(2026, 2, 1), date(2026, 2, 3), now, KYIV)
    assert since is not None
    assert until is not None
    assert until - since == timedelta(hours=hours)
    assert since.astimezone(KYIV).time() == until.astimezone(KYIV).time() == datetime.min.time()


async def test_figures_of_a_wide_time_are_of_the_newest_calls_and_say_so(hub: Hub) -> None:
    await tell_calls(hub, *(ended(str(n), n * 10, "missed") for n in range(5)))
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        calls = CallsApi(uow, hub.installation.deps)
        part = await calls.totals(CallFilter(), most=3)
        whole = await calls.totals(CallFilter(), most=None)
        numbered = await calls.totals(CallFilter(number=LINE), most=3)
    assert (part.count, part.missed, part.is_part) == (3, 3, True)
    assert (whole.count, whole.is_part) == (5, False)
    assert (numbered.count, numbered.is_part) == (3, True)
