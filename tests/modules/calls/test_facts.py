"""The hot handler: what a fact makes of a call, in any order, any number of times."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.errors import NotFound
from hub.events.calls import CallSnapshot, Transfer
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallFilter, CallsApi
from hub.modules.calls.rules import columns
from hub.modules.calls.service_links import LinkService
from hub.modules.crm.api import CrmApi
from hub.ports.live import Hint
from hub.values import CallId, ShopId
from tests.factories.calls import (
    LINE,
    MORNING,
    at,
    call_of,
    calls_of,
    ended,
    fact,
    history,
    merged,
    party,
    restored,
    snapshot,
    tell,
    tell_calls,
)
from tests.factories.crm import make_client
from tests.patience import within


async def ids(hub: Hub) -> list[str]:
    return [call.id for call in (await history(hub)).items]


async def test_a_ringing_fact_is_a_call_with_its_client_line_and_hour(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0501234567")
    hints = await tell(hub, fact(1, snapshot()))
    call = await call_of(hub, "b1:1.1")
    assert (call.client_id, call.relation, call.candidate_count) == (client.id, "client", 1)
    assert (call.line, call.other_number, call.shop_id) == (LINE, "+380501234567", FIRST_SHOP)
    assert (call.state, call.rev, call.in_hours, call.is_live) == ("ringing", 1, True, True)
    assert list(hints) == [Hint("call", "b1:1.1", 1, FIRST_SHOP, frozenset({"101"}))]


async def test_a_call_of_one_shop_is_hinted_to_the_phones_of_every_shop_that_it_rings_at(hub: Hub) -> None:
    ringing = (party("105"), replace(party(), extension=None, number="+380671112233", via="mobile"))
    (hint,) = await tell(hub, fact(1, snapshot(parties=ringing)))
    assert hint.phones == {"105", "+380671112233"}
    (hint,) = await tell(hub, restored(living=()))
    assert hint.phones == {"105", "+380671112233"}


async def test_what_a_colleague_of_another_shop_writes_to_a_call_is_hinted_where_the_call_is(
    hub: Hub,
) -> None:
    await tell(hub, fact(1, snapshot(parties=(party("105"),))))
    watch = hub.live.subscribe()
    async with hub.installation.transactions.writing(actor=None, shop_id=ShopId("other")) as uow:
        await CallsApi(uow, hub.installation.deps).add_note("b1:1.1", "До п'ятниці", author_name="Олег")
    hint = await watch.next()
    assert hint is not None
    assert (hint.topic, hint.shop_id, hint.phones) == ("call", FIRST_SHOP, {"105"})


async def test_the_second_run_of_a_fact_changes_nothing_and_says_nothing(hub: Hub) -> None:
    await tell(hub, fact(1, snapshot()))
    assert list(await tell(hub, fact(1, snapshot()))) == []
    assert (await call_of(hub, "b1:1.1")).rev == 1


async def test_an_older_fact_never_overwrites_a_newer_one(hub: Hub) -> None:
    await tell(hub, fact(3, snapshot(state="talking")))
    assert list(await tell(hub, fact(2, snapshot(state="ringing")))) == []
    assert (await call_of(hub, "b1:1.1")).state == "talking"


async def test_several_facts_of_a_call_in_one_batch_are_one_write(hub: Hub) -> None:
    hints = await tell(hub, fact(1, snapshot()), fact(3, snapshot(state="talking")), fact(2, snapshot()))
    assert [hint.rev for hint in hints] == [1]
    call = await call_of(hub, "b1:1.1")
    assert (call.state, call.step) == ("talking", 3)


async def test_every_written_fact_raises_the_revision_that_its_hint_names(hub: Hub) -> None:
    for step in range(1, 6):
        hints = await tell(hub, fact(step, snapshot()))
        assert [hint.rev for hint in hints] == [step]
    assert (await call_of(hub, "b1:1.1")).rev == 5


async def test_a_call_that_a_killed_hub_left_open_is_closed_when_the_snapshot_does_not_know_it(
    hub: Hub,
) -> None:
    alive, ghost = snapshot("alive"), snapshot("ghost", state="talking")
    await tell(hub, fact(1, alive), fact(2, ghost))
    await tell(hub, restored(living=None))
    assert (await call_of(hub, "ghost")).is_live
    hints = await tell(hub, restored(living=(CallId("alive"),)))
    assert list(hints) == [Hint("call", "ghost", 2, FIRST_SHOP, frozenset({"101"}))]
    call = await call_of(hub, "ghost")
    assert (call.state, call.result, call.ended_at, call.is_complete) == ("ended", "unknown", None, False)
    assert (await call_of(hub, "alive")).is_live
    assert list(await tell(hub, restored(living=(CallId("alive"),)))) == []


async def test_a_call_told_after_the_snapshot_is_no_ghost(hub: Hub) -> None:
    await tell(hub, fact(1, snapshot("before")), restored(living=()), fact(1, snapshot("after")))
    assert [(await call_of(hub, c)).is_live for c in ("before", "after")] == [False, True]


@pytest.mark.parametrize("seed", range(20))
async def test_any_order_and_any_batches_end_in_the_last_fact(hub: Hub, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(5):
        call_id = f"b1:{number}.1"
        facts = [fact(step, snapshot(call_id, talk_seconds=float(step))) for step in range(1, 7)]
        chance.shuffle(facts)
        cut = chance.randrange(7)
        await tell(hub, *facts[:cut], *facts[:cut])
        await tell(hub, *facts[cut:], *facts[:cut])
        call = await call_of(hub, call_id)
        assert (call.talk_seconds, call.step) == (6.0, 6)


async def test_a_call_keeps_all_that_the_snapshot_says(hub: Hub) -> None:
    said = ended(
        "b1:2.1", 0, "answered", queue="front", queued_at=at(1), hold_seconds=4.5, caller_name="Iryna",
        last_extension="105", parked_at_space=None,
        parties=(
            party("101", answered_at=at(7), left_at=at(30), outcome="answered"),
            party("102", outcome="answered_elsewhere"),
            party(None, number="+380671112233", via="mobile", outcome="no_answer"),
        ),
        transfers=(Transfer(at=at(30), kind="attended", from_extension="101", to="105"),),
    )  # fmt: skip
    await tell(hub, fact(9, said))
    call = await call_of(hub, "b1:2.1")
    for name in (
        "direction", "from_number", "to_number", "queue", "state", "result", "missed_reason", "started_at",
        "queued_at", "offered_at", "answered_at", "ended_at", "wait_seconds", "talk_seconds", "hold_seconds",
        "answered_by", "last_extension", "is_complete", "caller_name", "dialled", "trunk",
    ):  # fmt: skip
        assert getattr(call, name) == getattr(said, name), name
    assert [(p.who, p.via, p.outcome) for p in call.parties] == [
        ("101", "phone", "answered"), ("102", "phone", "answered_elsewhere"),
        ("+380671112233", "mobile", "no_answer"),
    ]  # fmt: skip
    assert call.parties[0].rang_at == at(1)
    assert [(t.at, t.kind, t.from_extension, t.to) for t in call.transfers] == [
        (at(30), "attended", "101", "105")
    ]
    assert call.legs[0].channel == "PJSIP/trunk1-00000001"


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, LINE),
        ({"to_number": None, "dialled": "441234567"}, LINE),
        ({"to_number": "100", "dialled": "100"}, "100"),
        ({"to_number": None, "dialled": None}, None),
        ({"direction": "outbound", "to_number": "+380501234567", "from_number": LINE}, None),
        ({"direction": "internal", "from_number": "101", "to_number": "105"}, None),
    ],
)
@pytest.mark.one_on_postgres
async def test_the_line_is_the_dialled_number_of_an_inbound_call(
    hub: Hub, values: dict[str, object], line: str | None
) -> None:
    await tell(hub, fact(1, snapshot(**values)))
    assert (await call_of(hub, "b1:1.1")).line == line


async def test_the_line_says_whose_shop_it_is(hub: Hub) -> None:
    async with calls_of(hub) as calls:
        await calls.save_line("044 123 45 67", "Головна", "сайт", ShopId("second"))
    await tell(hub, fact(1, snapshot()))
    assert (await call_of(hub, "b1:1.1")).shop_id == "second"
    async with calls_of(hub) as calls:
        with pytest.raises(NotFound):
            await calls.call("b1:1.1", shops=frozenset({FIRST_SHOP}))


async def test_the_shops_hours_decide_whether_it_was_open(hub: Hub) -> None:
    night = MORNING.replace(hour=1)
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:1.2", started_at=night))
    assert [(await call_of(hub, c)).in_hours for c in ("b1:1.1", "b1:1.2")] == [True, False]


async def test_an_outgoing_call_is_matched_by_the_number_that_was_called(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0501234567")
    await tell(hub, fact(1, snapshot(direction="outbound", from_number=LINE, to_number="+380501234567")))
    assert (await call_of(hub, "b1:1.1")).client_id == client.id


async def test_colleagues_are_matched_to_nobody(hub: Hub) -> None:
    await make_client(hub, "Короткий", "101")
    await tell(hub, fact(1, snapshot(direction="internal", from_number="101", to_number="105")))
    call = await call_of(hub, "b1:1.1")
    assert (call.client_id, call.candidate_count, call.other_number) == (None, 0, "105")


async def test_a_shared_number_is_a_count_of_candidates_and_no_client(hub: Hub) -> None:
    await make_client(hub, "Олена", "0501234567")
    await make_client(hub, "Петро", "0501234567")
    await tell(hub, fact(1, snapshot()))
    call = await call_of(hub, "b1:1.1")
    assert (call.client_id, call.candidate_count, call.relation) == (None, 2, None)


async def test_the_client_stays_when_the_number_stays(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0501234567")
    await tell(hub, fact(1, snapshot()))
    await make_client(hub, "Друга", "0501234567")
    await tell(hub, fact(2, snapshot(state="talking")))
    assert (await call_of(hub, "b1:1.1")).client_id == client.id


async def test_a_number_that_comes_later_is_matched_then(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0501234567")
    await tell(hub, fact(1, snapshot(from_number=None)))
    assert (await call_of(hub, "b1:1.1")).client_id is None
    await tell(hub, fact(2, snapshot()))
    assert (await call_of(hub, "b1:1.1")).client_id == client.id


async def test_what_a_person_chose_outlives_every_fact(hub: Hub) -> None:
    wife = await make_client(hub, "Олена", "0501234567")
    await make_client(hub, "Петро", "0501234567")
    await tell(hub, fact(1, snapshot()))
    async with calls_of(hub) as calls:
        assert (await calls.set_client("b1:1.1", wife.id)).client_id == wife.id
    await tell(hub, fact(2, snapshot(state="talking", from_number="+380509999999")))
    call = await call_of(hub, "b1:1.1")
    assert (call.client_id, call.rev) == (wife.id, 3)


async def test_a_choice_taken_back_gives_the_call_to_the_number_again(hub: Hub) -> None:
    owner, other = await make_client(hub, "Олена", "0501234567"), await make_client(hub, "Петро")
    await tell(hub, fact(1, snapshot()))
    async with calls_of(hub) as calls:
        await calls.set_client("b1:1.1", other.id)
    async with calls_of(hub) as calls:
        assert (await calls.set_client("b1:1.1", None)).client_id == owner.id


async def test_nobody_can_be_chosen_who_does_not_exist(hub: Hub) -> None:
    await tell(hub, fact(1, snapshot()))
    async with calls_of(hub) as calls:
        with pytest.raises(NotFound):
            await calls.set_client("b1:1.1", "nobody")


async def test_a_merged_call_leaves_the_list_and_answers_with_the_survivor(hub: Hub) -> None:
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:2.1", started_at=at(5)))
    async with calls_of(hub) as calls:
        await calls.add_note("b1:2.1", "про колодки", author_name="Оксана")
    hints = await tell(hub, merged(2, "b1:2.1", "b1:1.1"))
    assert await ids(hub) == ["b1:1.1"]
    assert (await call_of(hub, "b1:2.1")).id == "b1:1.1"
    async with calls_of(hub) as calls:
        assert [note.text for note in (await calls.notes(["b1:1.1"]))["b1:1.1"]] == ["про колодки"]
        assert (await calls.totals(CallFilter())).count == 1
    assert [(hint.id, hint.rev) for hint in hints] == [("b1:2.1", 3), ("b1:1.1", 2)]


async def test_merging_twice_is_merging_once(hub: Hub) -> None:
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:2.1"))
    await tell(hub, merged(2, "b1:2.1", "b1:1.1"))
    rev = (await call_of(hub, "b1:1.1")).rev
    assert list(await tell(hub, merged(2, "b1:2.1", "b1:1.1"))) == []
    assert (await call_of(hub, "b1:1.1")).rev == rev


async def test_a_late_fact_does_not_wake_a_merged_call(hub: Hub) -> None:
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:2.1"))
    await tell(hub, merged(5, "b1:2.1", "b1:1.1"))
    assert list(await tell(hub, fact(4, snapshot("b1:2.1")), fact(6, snapshot("b1:2.1")))) == []
    assert await ids(hub) == ["b1:1.1"]


async def test_calls_merged_in_a_chain_answer_with_the_last(hub: Hub) -> None:
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:2.1"), snapshot("b1:3.1"))
    await tell(hub, merged(2, "b1:3.1", "b1:2.1"))
    await tell(hub, merged(2, "b1:2.1", "b1:1.1"))
    assert {(await call_of(hub, c)).id for c in ("b1:1.1", "b1:2.1", "b1:3.1")} == {"b1:1.1"}


async def test_a_merge_may_come_before_the_survivor(hub: Hub) -> None:
    await tell(hub, fact(1, snapshot("b1:2.1")), merged(2, "b1:2.1", "b1:1.1"))
    assert await ids(hub) == []
    await tell(hub, fact(1, snapshot("b1:1.1")))
    assert (await call_of(hub, "b1:2.1")).id == "b1:1.1"


async def test_a_choice_moves_to_the_survivor(hub: Hub) -> None:
    client = await make_client(hub, "Ірина")
    await tell_calls(hub, snapshot("b1:1.1"), snapshot("b1:2.1"))
    async with calls_of(hub) as calls:
        await calls.set_client("b1:2.1", client.id)
    await tell(hub, merged(2, "b1:2.1", "b1:1.1"))
    assert (await call_of(hub, "b1:1.1")).client_id == client.id


HOSTILE = [
    "<script>alert(1)</script>", "'; DROP TABLE calls_calls; --", "\x00", "a\x00b", "%_%",
    "🚗\u202e", "\r\nX: y", "я" * 10_000, "{{7*7}}",
]  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE)
async def test_hostile_words_of_the_network_are_kept_and_break_nothing(hub: Hub, said: str) -> None:
    values = {"caller_name": said, "from_number": said, "dialled": said, "to_number": said, "queue": said}
    call = replace(snapshot("b1:1.1"), **values, parties=(party(said, name=said),), answered_by=said)
    await tell(hub, fact(1, call))
    kept = await call_of(hub, "b1:1.1")
    assert kept.caller_name == said.replace("\x00", "�")
    assert (kept.client_id, kept.candidate_count) == (None, 0)


async def test_a_new_number_of_a_client_finds_its_past_calls(hub: Hub) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"), snapshot("b1:2.1"))
    await tell(hub, fact(1, snapshot("b1:3.1", from_number="+380509999999")))
    await hub.start()
    client = await make_client(hub, "Ірина", "050 123 45 67")
    async with asyncio.timeout(within(10)):
        while (await call_of(hub, "b1:1.1")).client_id is None:
            await asyncio.sleep(0.01)
    calls = [await call_of(hub, call_id) for call_id in ("b1:1.1", "b1:2.1", "b1:3.1")]
    assert [call.client_id for call in calls] == [client.id, client.id, None]
    assert calls[1].rev == 2
    await hub.stop()
    await hub.open()


async def test_past_calls_of_a_number_learn_that_it_is_a_suppliers(hub: Hub) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        await crm.mark_not_client("0501234567", "supplier", "Шини")
        await LinkService(uow).link_number("+380501234567", await crm.caller("0501234567"))
    call = await call_of(hub, "b1:1.1")
    assert (call.client_id, call.relation, call.candidate_count, call.rev) == (None, "supplier", 1, 2)


async def test_a_second_owner_of_a_number_leaves_past_calls_alone(hub: Hub) -> None:
    wife = await make_client(hub, "Олена", "0501234567")
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        await crm.quick_create("0501234567", "Петро", allow_shared=True)
    assert (await call_of(hub, "b1:1.1")).client_id == wife.id


def snapshots(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM calls_people")).scalar_one())


async def test_people_of_a_call_are_indexed_once(hub: Hub) -> None:
    for step in range(1, 4):
        await tell(hub, fact(step, snapshot(parties=(party("101"), party("102")))))
    assert await hub.database.read(snapshots) == 2


def test_a_row_forgets_no_field_of_the_snapshot() -> None:
    kept = {"call_id", "parked_at_space", *columns(snapshot())}
    assert set(CallSnapshot.__dataclass_fields__) <= kept


async def test_the_hint_of_a_caller_for_whom_no_phone_rings_yet_may_wait(hub: Hub) -> None:
    new, inside = snapshot(offered_at=None), snapshot(offered_at=None, direction="internal")
    assert [hint.may_wait for hint in await tell(hub, fact(1, new))] == [True]
    assert [hint.may_wait for hint in await tell(hub, fact(2, snapshot()))] == [False]
    assert [hint.may_wait for hint in await tell(hub, fact(3, inside))] == [False]
