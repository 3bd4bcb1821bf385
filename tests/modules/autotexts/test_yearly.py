"""Birthdays and seasons: once a year, only with a consent, never in quiet hours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.kernel.context import Apis
from hub.kernel.jobs.definition import JobContext
from hub.modules.autotexts import jobs
from hub.modules.autotexts.api import Conditions
from hub.modules.autotexts.rules_yearly import day_in, season_of, show_day
from hub.modules.consents.api import ConsentsApi, ContactRules, Quiet, Subject
from hub.modules.crm.api import ClientEntry, PhoneEntry
from hub.modules.crm.rules_birthday import birthday_in, days_of
from tests.factories.crm import crm_of
from tests.modules.autotexts.stage import Stage
from tests.modules.consents.stories import record

TODAY = "01-05"
"""Of the stage's clock: a Monday, 12:31."""


@dataclass
class Job:
    """What a job is handed, with the stage's clock."""

    stage: Stage
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def clock(self) -> Any:
        return self.stage.clock

    @property
    def shop_id(self) -> Any:
        return self.stage.house.hub.installation.default_shop

    def reading(self) -> Any:
        return self.stage.uow()

    writing = reading

    def apis(self, uow: Any) -> Any:
        installation = self.stage.house.hub.installation
        return Apis(uow, installation.deps, installation.apis)


async def client(stage: Stage, number: int, *, agrees: bool = True, **more: Any) -> str:
    entry = ClientEntry(name=f"Client {number}", phones=(PhoneEntry(number=f"+38050{number:07d}"),), **more)
    async with crm_of(stage.house.hub) as crm:
        made = await crm.create_client(entry)
    if agrees:
        await record(stage.house, Subject(client_id=made.id))
    return made.id


async def greeted(stage: Stage) -> None:
    """The job, and what it leads to."""
    await jobs.greet(cast("JobContext", Job(stage)))
    await stage.look()


async def often(stage: Stage, days: int) -> None:
    """Advertising goes out every so many days at most."""
    async with stage.uow() as uow:
        gate = ConsentsApi(uow, stage.house.hub.installation.deps).gate
        night = Quiet(begins="21:00", ends="08:00")
        await gate.set_rules(ContactRules(service=night, marketing=night, marketing_days=days))


async def test_a_birthday_is_greeted_once_a_year_and_only_with_a_consent(public_stage: Stage) -> None:
    stage = public_stage
    await client(stage, 1, birthday=f"1980-{TODAY}", language="en")
    await client(stage, 2, birthday=f"--{TODAY}", agrees=False)
    await client(stage, 3, birthday="--01-06")
    await client(stage, 4, birthday=f"--{TODAY}", relation="supplier")
    await stage.switch_on("birthday")
    for _ in range(3):
        await greeted(stage)
    (message,) = stage.sent
    assert message.text.startswith("Client 1, happy birthday!")
    assert message.unsubscribe_url
    assert sorted(await stage.reasons()) == ["", "no_consent"]
    stage.clock.advance(timedelta(days=365).total_seconds())
    await greeted(stage)
    assert len(stage.sent) == 2


async def test_nobody_is_greeted_before_ten_and_late_in_the_day_no_more(public_stage: Stage) -> None:
    stage = public_stage
    await client(stage, 1, birthday=f"--{TODAY}")
    await stage.switch_on("birthday")
    stage.clock.advance(-timedelta(hours=3).total_seconds())  # 9:31
    await greeted(stage)
    assert (stage.sent, await stage.runs()) == ([], ())
    stage.clock.advance(timedelta(hours=12).total_seconds())  # 21:31, quiet until the next day
    await greeted(stage)
    assert stage.sent == []
    assert [run.reason for run in await stage.runs()] == ["stale"]


async def test_a_season_is_for_its_segment_between_its_days_once_a_year(public_stage: Stage) -> None:
    stage = public_stage
    await client(stage, 1, segments=("tyres",))
    await client(stage, 2, segments=("tyres",), agrees=False)
    await client(stage, 3, segments=("oil",))
    season = Conditions(begins="12-20", ends="01-10", segments=("tyres",))
    await stage.switch_on("season", conditions=season, texts={"uk": "Час на шини, {shop}"})
    for _ in range(2):
        await greeted(stage)
    assert [one.address for one in stage.sent] == ["+380500000001"]
    await client(stage, 4, segments=("tyres",))  # who joins the segment in the season is written to as well
    stage.clock.advance(timedelta(days=1).total_seconds())
    await greeted(stage)
    assert [one.address for one in stage.sent] == ["+380500000001", "+380500000004"]
    stage.clock.advance(timedelta(days=20).total_seconds())  # the season is over
    await client(stage, 5, segments=("tyres",))
    await greeted(stage)
    assert len(stage.sent) == 2
    assert sorted(await stage.reasons()) == ["", "", "no_consent"]


async def test_whoever_had_an_advertisement_lately_waits_for_the_next(public_stage: Stage) -> None:
    stage = public_stage
    await often(stage, 2)
    await client(stage, 1, segments=("tyres",), birthday=f"--{TODAY}")
    season = Conditions(begins="01-01", ends="01-31", segments=("tyres",))
    await stage.switch_on("birthday")
    await greeted(stage)
    await stage.switch_on("season", conditions=season, texts={"uk": "Час на шини, {shop}"})
    await greeted(stage)
    assert len(stage.sent) == 1
    assert sorted(await stage.reasons()) == ["", "too_often"]
    stage.clock.advance(timedelta(days=2, minutes=1).total_seconds())
    await stage.look()
    assert [one.text.partition(",")[0] for one in stage.sent][1:] == ["Час на шини"]


async def test_the_dry_run_tells_of_birthdays_of_the_week_and_of_a_season_as_if_it_were_now(
    public_stage: Stage,
) -> None:
    stage = public_stage
    await client(stage, 1, birthday="--01-02", segments=("tyres",))
    await client(stage, 2, birthday="--12-30", segments=("tyres",), agrees=False)
    await client(stage, 3, birthday="--12-20")
    async with stage.api() as api:
        ready = (await api.rules.recipe("birthday")).entry
        found = await api.log.rehearse(ready, None)
        assert sorted(one.reason for one in found) == ["", "no_consent"]
        ready = (await api.rules.recipe("season")).entry
        ready = replace(
            ready, conditions=replace(ready.conditions, segments=("tyres",)), texts={"uk": "Шини"}
        )
        found = await api.log.rehearse(ready, None)
    assert sorted(one.reason for one in found) == ["", "no_consent"]
    assert (stage.sent, await stage.runs()) == ([], ())


@pytest.mark.parametrize(
    ("recipe", "changes", "fault"),
    [
        ("birthday", {"purpose": "service"}, "purpose"), ("season", {}, "segments"),
        ("season", {"conditions": Conditions(segments=("x",), begins="10-01")}, "ends"),
        ("season", {"conditions": Conditions(segments=("x",), begins="30.02", ends="1.3")}, "begins"),
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_a_yearly_rule_that_cannot_work_is_refused_by_its_field(
    stage: Stage, recipe: str, changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await stage.switch_on(recipe, **changes)
    assert fault in refused.value.fields


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("14.03.1980", "1980-03-14"), ("14.3", "--03-14"), ("1980-03-14", "1980-03-14"), ("", ""),
        ("--0314", "--03-14"), ("19800314", "1980-03-14"), ("1604-03-14", "--03-14"), ("29.02", "--02-29"),
        ("29.02.1981", None), ("31.04", None), ("1700-01-01", None), ("soon", None),
        ("1980-03-14 00:00:00", "1980-03-14"),
    ],
)  # fmt: skip
def test_a_birthday_is_read_as_people_and_programs_write_it(text: str, kept: str | None) -> None:
    assert birthday_in(text) == kept


def test_the_29th_of_february_is_kept_on_the_28th_in_a_common_year() -> None:
    assert days_of(date(2027, 2, 28)) == ("02-28", "02-29")
    assert days_of(date(2028, 2, 28)) == ("02-28",)
    assert days_of(date(2028, 2, 29)) == ("02-29",)


@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.dates(), st.dates())
def test_a_season_has_one_year_from_its_first_day_to_its_last(day: date, first: date, last: date) -> None:
    begins, ends = f"{first:%m-%d}", f"{last:%m-%d}"
    year = season_of(begins, ends, day)
    is_in = begins <= f"{day:%m-%d}" <= ends if begins <= ends else not ends < f"{day:%m-%d}" < begins
    assert (year is not None) == is_in
    assert year in (None, day.year, day.year - 1)
    assert day_in(show_day(begins)) == begins
