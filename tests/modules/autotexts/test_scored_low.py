"""A talk that was scored low: the client is written to once, and not at all when the score was put right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.triggers import Occurrence
from hub.main import MODULES
from hub.modules.autotexts.api import AutoTextsApi, RunReason
from hub.settings import Settings
from recordings.api import RecordingsApi
from recordings.service_reviews import Filled
from recordings.views_library import ReviewView
from tests.factories.calls import merged
from tests.factories.recordings import recording
from tests.modules.autotexts.conftest import stage_of
from tests.modules.autotexts.stage import MOBILE, Stage

BAD, GOOD = 1, 9
RULE = "scored_low"


@pytest.fixture
async def stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_of(settings, tmp_path, MODULES) as made:
        yield made


async def talked(stage: Stage, days_ago: float = 0.0) -> str:
    """A talk with its recording, which lies so long back; the recording's id."""
    call = await stage.rings(result="answered")
    begun = stage.clock.now() - timedelta(days=days_ago)
    made = await recording(stage.house.hub, call_id=call.call_id, started_at=begun)
    await stage.look()
    return made.id


async def review(
    stage: Stage, recording_id: str, points: int, of: ReviewView | None = None, *, is_done: bool = True
) -> ReviewView:
    """Somebody listens and gives points out of ten, or corrects what was given."""
    filled = Filled(
        answers={"q1": points}, note="", person_id=None, person_name="Анна", is_done=is_done
    )  # fmt: skip
    async with stage.uow() as uow:
        api = Apis(uow, stage.house.hub.installation.deps, stage.house.hub.installation.apis).of(
            RecordingsApi
        )
        if of is not None:
            return await api.reviews.change(of, filled)
        card = next(iter(await api.cards.all()), None)
        card = card or await api.cards.create("Розмова", [("", "Добре?", 10, 1, False)])
        return await api.reviews.begin(await api.one(recording_id), card.id, filled, reviewer="Марія")


async def test_a_low_score_writes_once_to_whom_the_talk_was_with(stage: Stage) -> None:
    await stage.switch_on(RULE)
    recording_id = await talked(stage)
    made = await review(stage, recording_id, BAD)
    await review(stage, recording_id, BAD, made)
    await review(stage, recording_id, BAD)
    await stage.look()
    await stage.pass_time(minutes=29)
    assert stage.sent == []
    await stage.pass_time(minutes=2)
    assert [(one.address, "Перепрошуємо" in one.text) for one in stage.sent] == [(MOBILE, True)]
    assert await stage.reasons() == [""]


async def test_a_score_that_was_put_right_in_time_writes_nothing_and_says_why(stage: Stage) -> None:
    await stage.switch_on(RULE)
    recording_id = await talked(stage)
    made = await review(stage, recording_id, BAD)
    await stage.look()
    await review(stage, recording_id, GOOD, made)
    await stage.pass_time(minutes=31)
    assert (stage.sent, await stage.reasons()) == ([], ["put_right"])


async def test_who_was_scored_low_again_after_a_correction_is_written_to_once(stage: Stage) -> None:
    await stage.switch_on(RULE)
    recording_id = await talked(stage)
    made = await review(stage, recording_id, BAD)
    await stage.look()
    await review(stage, recording_id, GOOD, made)
    await stage.pass_time(minutes=31)
    assert await stage.reasons() == ["put_right"]
    await stage.pass_time(hours=23)
    await review(stage, recording_id, BAD)
    await stage.look()
    await stage.pass_time(minutes=29)
    assert stage.sent == []
    await stage.pass_time(minutes=2)
    await review(stage, recording_id, BAD)
    await stage.pass_time(minutes=31)
    assert [one.address for one in stage.sent] == [MOBILE]
    assert await stage.reasons() == [""]


async def test_the_same_low_score_told_twice_stays_put_right(stage: Stage) -> None:
    rule = await stage.switch_on(RULE)
    recording_id = await talked(stage)
    made = await review(stage, recording_id, BAD)
    await stage.look()
    await review(stage, recording_id, GOOD, made)
    await stage.pass_time(minutes=31)
    [run] = await stage.runs()
    again = Occurrence(
        trigger="recording.scored_low", cause=run.call_id or "", at=run.happened_at, shop_id=FIRST_SHOP,
        call_id=run.call_id,
    )  # fmt: skip
    async with stage.api() as api:
        assert await api.runs.happened_to(rule, again) == 0
    assert await stage.reasons() == ["put_right"]


@pytest.mark.parametrize(
    ("is_put_right", "writes", "reason"), [(False, [MOBILE], ""), (True, [], "put_right")]
)
async def test_a_talk_that_became_a_part_of_another_meanwhile_keeps_its_score(
    stage: Stage, is_put_right: bool, writes: list[str], reason: RunReason
) -> None:
    await stage.switch_on(RULE)
    whole = await stage.rings(result="answered")
    part = await stage.rings(result="answered")
    recorded = await recording(stage.house.hub, call_id=part.call_id, started_at=stage.clock.now())
    await stage.look()
    made = await review(stage, recorded.id, BAD)
    await stage.look()
    await stage.tell(merged(99, part.call_id, whole.call_id))
    if is_put_right:
        await review(stage, recorded.id, GOOD, made)
    await stage.pass_time(minutes=31)
    assert ([one.address for one in stage.sent], await stage.reasons()) == (writes, [reason])


@pytest.mark.parametrize(
    ("points", "is_done", "days_ago"), [(GOOD, True, 0), (5, True, 0), (BAD, False, 0), (BAD, True, 8)]
)
async def test_a_good_score_a_draft_and_a_talk_of_long_ago_say_nothing_to_the_client(
    stage: Stage, points: int, is_done: bool, days_ago: int
) -> None:
    await stage.switch_on(RULE)
    await review(stage, await talked(stage, days_ago), points, is_done=is_done)
    await stage.pass_time(minutes=31)
    assert await stage.runs() == ()


async def test_the_dry_run_shows_the_low_scores_of_the_week(stage: Stage) -> None:
    await review(stage, await talked(stage), BAD)
    await review(stage, await talked(stage), GOOD)
    stage.clock.advance(60)
    async with stage.api() as api:
        rule = await api.rules.recipe(RULE)
        found = await api.log.rehearse(rule.entry, None)
    reasons: list[RunReason] = [one.reason for one in found]
    assert (reasons, [one.number for one in found]) == ([""], [MOBILE])


async def test_where_recordings_are_off_nothing_is_offered(tmp_path: Path, settings: Settings) -> None:
    async with stage_of(settings, tmp_path) as without, without.api() as api:
        assert RULE not in {rule.entry.recipe for rule in await api.rules.all()}
        assert isinstance(api, AutoTextsApi)
