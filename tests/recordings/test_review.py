"""Review: how a card is counted, versions, who reads and answers, what is picked and why, scores by month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Invalid
from hub.events.tasks import TaskEscalated
from hub.kernel.shops import FIRST_SHOP
from hub.settings import Settings
from recordings.api import RecordingView
from recordings.charts import HEIGHT, plot
from recordings.rules_review import PickRules, Told, clean_questions, reasons, score, share_of
from recordings.views_library import PersonScore, Question
from tests.factories.calls import ended, party, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.webui.stage import Shop

Browser = TestClient[Any, Any]
OURS = {"Sec-Fetch-Site": "same-origin"}
GREETING = {"text": "Привітання", "most": 1, "weight": 1, "is_required": False}
PRICE = {"text": "Ціну названо", "most": 4, "weight": 2, "is_required": True}


def question(key: str, most: int = 1, weight: int = 1, *, is_required: bool = False) -> Question:
    return Question(key=key, text=key, most=most, weight=weight, is_required=is_required)


@pytest.mark.parametrize(
    ("answers", "percent", "is_failed", "left"),
    [
        ({}, None, False, ("a", "b", "c")),
        ({"a": 1, "b": 4, "c": 1}, 100, False, ()),
        ({"a": 0, "b": 0, "c": 1}, 10, False, ()),
        ({"a": 1, "b": 3, "c": 1}, 80, False, ()),
        ({"a": 1, "b": 4, "c": 0}, 0, True, ()),
        ({"a": 1, "b": None, "c": 1}, 100, False, ()),
        ({"a": None, "b": None, "c": None}, None, False, ()),
        ({"a": 1, "b": 2, "c": None}, 56, False, ()),
    ],
)
def test_points_count_by_weight_of_what_applies_and_a_required_one_fails_the_card(
    answers: dict[str, int | None], percent: int | None, is_failed: bool, left: tuple[str, ...]
) -> None:
    card = (question("a"), question("b", 4, 2), question("c", is_required=True))
    found = score(card, answers)
    assert (found.percent, found.is_failed, found.open) == (percent, is_failed, left)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 4)))
def test_a_score_is_never_outside_of_a_hundred_and_more_points_never_lower_it(
    answers: dict[str, int],
) -> None:
    card = tuple(question(key, 4, weight) for key, weight in (("a", 1), ("b", 3), ("c", 10)))
    low = score(card, answers).percent
    high = score(card, dict.fromkeys(answers, 4)).percent
    assert (low is None) == (not answers)
    assert low is None or 0 <= low <= (high or 0) == 100


def test_a_question_keeps_its_key_and_a_new_one_gets_a_free_one() -> None:
    made = clean_questions(
        [("q2", "  Стара  ", 1, 1, False), ("", "Нова", 2, 1, True), ("", "Ще", 1, 1, False)]
    )
    assert [(one.key, one.text) for one in made] == [("q2", "Стара"), ("q1", "Нова"), ("q3", "Ще")]


@pytest.mark.parametrize(
    "asked",
    [
        [], [("", "  ", 1, 1, False)], [("", "x", 0, 1, False)], [("", "x", 11, 1, False)],
        [("", "x", 1, 11, False)], [("", "x" * 301, 1, 1, False)],
        [("q1", "x", 1, 1, False), ("q1", "y", 1, 1, False)], [("", "x", 1, 1, False)] * 41,
    ],
)  # fmt: skip
def test_a_card_that_makes_no_sense_is_refused(asked: list[Any]) -> None:
    with pytest.raises(Invalid):
        clean_questions(asked)


RULES = PickRules(hold_seconds=120, new_days=30, random_percent=0)


@pytest.mark.parametrize(
    ("hold", "transfers", "days", "why"),
    [
        (0, 0, None, ()), (119.9, 1, 30.0, ()), (120.0, 0, None, ("long_hold",)),
        (0, 2, None, ("two_transfers",)), (0, 0, 29.9, ("new_employee",)),
        (300.0, 3, 1.0, ("long_hold", "two_transfers", "new_employee")),
    ],
)  # fmt: skip
def test_a_talk_is_picked_for_what_happened_in_it(
    hold: float, transfers: int, days: float | None, why: tuple[str, ...]
) -> None:
    told = Told(recording_id="r", hold_seconds=hold, transfers=transfers, employee_days=days)
    assert reasons(told, RULES) == why


def test_the_lot_is_even_and_the_same_for_ever() -> None:
    drawn = [share_of(f"01ke6fd6ag{number:016d}") for number in range(10_000)]
    assert drawn == [share_of(f"01ke6fd6ag{number:016d}") for number in range(10_000)]
    assert 400 < sum(one < 5 for one in drawn) < 600


def test_the_lot_picks_as_many_of_a_hundred_as_is_set_though_nothing_happened() -> None:
    quiet = [
        Told(recording_id=f"01ke6fd6ag{number:016d}", hold_seconds=0, transfers=0, employee_days=None)
        for number in range(2_000)
    ]
    for percent in (0, 5, 100):
        picked = [one for one in quiet if reasons(one, replace(RULES, random_percent=percent))]
        assert picked == [one for one in quiet if share_of(one.recording_id) < percent]
        assert {reasons(one, replace(RULES, random_percent=percent)) for one in picked} <= {("random",)}
        assert abs(len(picked) - 20 * percent) < 40


def test_the_plot_has_every_month_between_and_a_hundred_at_the_top() -> None:
    found = plot([
        PersonScore(person_id="p", person_name="Оля", month="2025-11", reviews=1, percent=100, failed=0),
        PersonScore(person_id="p", person_name="Оля", month="2026-02", reviews=2, percent=40, failed=1),
    ])  # fmt: skip
    assert found.months == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert [y for _, y, _ in found.lines[0].points] == [0.0, HEIGHT - 40]
    assert plot([]).lines == ()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing is picked by lot: it would be another talk in each run."""
    return replace(settings, recordings=replace(settings.recordings, review_random_percent=0))


@pytest.fixture
async def talk(hub: Hub) -> RecordingView:
    """A recorded talk of 101 that had two transfers and a long hold."""
    moved = ended("c1", 0, "answered", hold_seconds=150.0)
    await tell_calls(hub, moved, ended("c2", 60, "answered", parties=(party("102", outcome="answered"),)))
    made = await recording(hub, call_id="c1", seconds=30.0)
    await settled(hub)
    return made


async def put(browser: Browser, method: str, path: str, body: Any, status: int) -> Any:
    answer = await browser.request(method, f"/api/v1{path}", json=body, headers=await csrf(browser))
    assert answer.status == status, await answer.text()
    return await answer.json() if status != 204 else None


async def csrf(browser: Browser) -> dict[str, str]:
    page = await (await browser.get("/account")).text()
    return {"X-CSRF-Token": page.split('name="csrf" value="')[1].split('"')[0], **OURS}


async def read(browser: Browser, path: str) -> Any:
    answer = await browser.get(f"/api/v1{path}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.mark.parametrize(("days", "why"), [(0, []), (6, []), (8, [["new_employee"]])])
async def test_who_came_to_a_shop_that_works_with_us_already_is_new_and_who_set_it_up_is_not(
    shop: Shop, hub: Hub, frozen_clock: FrozenClock, days: int, why: list[list[str]]
) -> None:
    await shop.person("owner")
    frozen_clock.advance(days * 86400)
    await shop.person("receptionist", extensions=("101",))
    await tell_calls(hub, ended("c1", 0, "answered", started_at=frozen_clock.now()))
    await recording(hub, call_id="c1")
    await settled(hub)
    found = await read(await shop.sign_in("owner"), "/review-queue")
    assert [one["reasons"] for one in found["items"]] == why


async def test_a_talk_is_picked_reviewed_read_and_answered(shop: Shop, hub: Hub, talk: RecordingView) -> None:
    person = await shop.person("receptionist", extensions=("101",))
    owner = await shop.signed_in("owner")
    queue = await read(owner, "/review-queue")
    assert [(one["recording_id"], one["reasons"]) for one in queue["items"]] == [(talk.id, ["long_hold"])]
    card = await put(
        owner, "POST", "/score-cards", {"name": "Приймання", "questions": [GREETING, PRICE]}, 201
    )
    sent = {"card_id": card["id"], "person_id": person.id, "note": "Ціну — раніше", "answers": {"q1": 1}}
    draft = await put(owner, "POST", f"/recordings/{talk.id}/reviews", sent, 201)
    assert (draft["state"], draft["percent"]) == ("draft", 100)
    del sent["card_id"]
    await put(owner, "PATCH", f"/reviews/{draft['id']}", {**sent, "is_done": True}, 422)
    whole = {**sent, "answers": {"q1": 1, "q2": 4}, "is_done": True, "rev": draft["rev"]}
    done = await put(owner, "PATCH", f"/reviews/{draft['id']}", whole, 200)
    await put(owner, "PATCH", f"/reviews/{draft['id']}", whole, 409)
    assert (done["state"], done["percent"]) == ("done", 100)
    assert (await read(owner, "/review-queue"))["items"] == []
    desk = await shop.sign_in("receptionist")
    assert [one["id"] for one in (await read(desk, "/reviews"))["items"]] == [done["id"]]
    assert "Ціну — раніше" in await (await desk.get(f"/recordings/{talk.id}")).text()
    answered = await put(desk, "POST", f"/reviews/{done['id']}/reply", {"text": "Згода"}, 200)
    assert answered["reply"] == "Згода"
    await put(owner, "POST", f"/reviews/{done['id']}/reply", {"text": "Я не про себе"}, 403)
    page = await (await owner.get("/recordings?score=good")).text()
    assert talk.id in page
    assert "100 %" in await (await owner.get("/recordings/scores")).text()
    found = await (await owner.get("/recordings/reviews/export?format=csv")).text()
    assert "Ціну — раніше" in found
    assert "Ціну названо: 4/4" in found


async def test_a_draft_is_seen_by_nobody_it_is_about(shop: Shop, talk: RecordingView) -> None:
    person = await shop.person("receptionist", extensions=("101",))
    owner, desk = await shop.signed_in("owner"), await shop.sign_in("receptionist")
    card = await put(owner, "POST", "/score-cards", {"name": "К", "questions": [GREETING]}, 201)
    sent = {"card_id": card["id"], "person_id": person.id, "answers": {}}
    draft = await put(owner, "POST", f"/recordings/{talk.id}/reviews", sent, 201)
    assert (await read(desk, "/reviews"))["items"] == []
    await put(desk, "POST", f"/reviews/{draft['id']}/reply", {"text": "?"}, 404)


async def test_other_questions_are_a_new_version_and_what_was_filled_stays(
    shop: Shop, talk: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    card = await put(owner, "POST", "/score-cards", {"name": "К", "questions": [GREETING]}, 201)
    sent = {"card_id": card["id"], "answers": {"q1": 0}, "is_done": True}
    await put(owner, "POST", f"/recordings/{talk.id}/reviews", sent, 201)
    same = {"name": "Інша назва", "questions": [{"key": "q1", **GREETING}]}
    assert (await put(owner, "PATCH", f"/score-cards/{card['id']}", same, 200))["version"] == 1
    more = {"name": "К", "questions": [{"key": "q1", **GREETING}, PRICE]}
    assert (await put(owner, "PATCH", f"/score-cards/{card['id']}", more, 200))["version"] == 2
    await put(owner, "PATCH", f"/score-cards/{card['id']}", {**more, "rev": 1}, 409)
    kept = (await read(owner, "/reviews"))["items"][0]
    assert (kept["card"]["version"], len(kept["card"]["questions"])) == (1, 1)


async def test_a_missed_promise_picks_the_last_talk_with_that_client(
    shop: Shop, hub: Hub, talk: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    later = await recording(hub, call_id="c2", offset=60.0, people=("102",))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.publish(
            TaskEscalated(
                task_id="t", kind="callback", client_id=None, number="+380501234567", call_id=None,
                due_at=None,
            )
        )  # fmt: skip
    await settled(hub)
    queue = {one["recording_id"]: one["reasons"] for one in (await read(owner, "/review-queue"))["items"]}
    assert queue == {later.id: ["missed_promise"], talk.id: ["long_hold"]}
    await put(owner, "POST", f"/review-queue/{later.id}/skip", {}, 204)
    assert [one["recording_id"] for one in (await read(owner, "/review-queue"))["items"]] == [talk.id]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/review-queue"), ("GET", "/review-scores"), ("POST", "/score-cards"), ("GET", "/score-cards")],
)
@pytest.mark.one_on_postgres
async def test_who_only_listens_neither_reviews_nor_sees_scores(shop: Shop, method: str, path: str) -> None:
    desk = await shop.signed_in("receptionist")
    body = {"name": "К", "questions": [GREETING]} if method == "POST" else None
    answer = await desk.request(method, f"/api/v1{path}", json=body, headers=await csrf(desk))
    assert answer.status == 403


@pytest.mark.parametrize(
    ("finished_at", "month"),
    [("2026-05-31T20:59:59", "2026-05"), ("2026-05-31T21:00:00", "2026-06"),
     ("2026-12-31T22:30:00", "2027-01"), ("2026-12-31T21:30:00", "2026-12")],
)  # fmt: skip
async def test_a_month_begins_at_midnight_of_the_shop(
    shop: Shop, hub: Hub, talk: RecordingView, finished_at: str, month: str
) -> None:
    person = await shop.person("receptionist", extensions=("101",))
    wanted = datetime.fromisoformat(finished_at).replace(tzinfo=UTC)
    shop.clock.advance((wanted - shop.clock.now()).total_seconds())
    owner = await shop.signed_in("owner")
    card = await put(owner, "POST", "/score-cards", {"name": "К", "questions": [PRICE]}, 201)
    sent = {"card_id": card["id"], "person_id": person.id, "answers": {"q1": 4}, "is_done": True}
    await put(owner, "POST", f"/recordings/{talk.id}/reviews", sent, 201)
    assert [one["month"] for one in (await read(owner, "/review-scores"))["items"]] == [month]


async def test_scores_are_by_person_and_month(shop: Shop, hub: Hub, talk: RecordingView) -> None:
    person = await shop.person("receptionist", extensions=("101",))
    owner = await shop.signed_in("owner")
    card = await put(owner, "POST", "/score-cards", {"name": "К", "questions": [PRICE]}, 201)
    for points in (4, 2):
        sent = {"card_id": card["id"], "person_id": person.id, "answers": {"q1": points}, "is_done": True}
        await put(owner, "POST", f"/recordings/{talk.id}/reviews", sent, 201)
    shop.clock.advance(timedelta(days=1).total_seconds())
    owner = await shop.sign_in("owner")
    assert (await read(owner, "/review-scores"))["items"] == [
        {"person_id": person.id, "person_name": "Receptionist", "month": "2026-01", "reviews": 2,
         "percent": 50, "failed": 1}
    ]  # fmt: skip
