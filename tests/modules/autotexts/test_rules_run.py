"""Rules: channels in their order, texts that are not filled, a kill at the worst moment, the dry run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import Conflict, Invalid
from hub.events.messages import MessageStatusChanged
from hub.events.triggers import TriggerFired, TriggerValue
from hub.modules.autotexts.api import AutoTextsApi, Conditions, RuleEntry
from hub.modules.autotexts.rules import Facts, judge
from hub.modules.autotexts.rules_texts import written
from hub.modules.consents.api import Subject
from tests.factories.crm import crm_of, make_client
from tests.modules.autotexts.stage import LANDLINE, MOBILE, NOON, Stage
from tests.modules.consents.stories import record
from tests.modules.messaging.wire import SMS, wrote

READY = RuleEntry(trigger="call.answered", title="Thanks", texts={"uk": "Дякуємо, {name}!"}, is_on=True)


async def test_what_is_not_delivered_goes_by_the_next_channel_once(stage: Stage) -> None:
    await make_client(stage.house.hub, "Iryna", MOBILE)
    await stage.tell(
        wrote("hi", 3, channel="telegram", account="bot", address="44", phone=MOBILE, written_at=NOON)
    )
    await stage.look()
    stage.sent.clear()  # what the bot says to whoever shares a number
    await stage.switch_on(channels=("telegram", "sms"), fallback_seconds=60)
    stage.clock.advance(60)
    await stage.rings()
    await stage.pass_time(seconds=30)
    assert [one.channel for one in stage.sent] == ["telegram"]
    await stage.pass_time(seconds=61)
    await stage.pass_time(seconds=61)
    assert [one.channel for one in stage.sent] == ["telegram", "sms"]


async def test_what_was_delivered_goes_by_no_other_channel(stage: Stage) -> None:
    await make_client(stage.house.hub, "Iryna", MOBILE)
    await stage.tell(
        wrote("hi", 3, channel="telegram", account="bot", address="44", phone=MOBILE, written_at=NOON)
    )
    await stage.look()
    stage.sent.clear()  # what the bot says to whoever shares a number
    await stage.switch_on(channels=("telegram", "sms"), fallback_seconds=60)
    stage.clock.advance(60)
    await stage.rings()
    await stage.pass_time(seconds=30)
    (first,) = stage.sent
    await stage.tell(MessageStatusChanged(channel="telegram", provider_id=f"SM{first.id}", state="delivered"))
    await stage.pass_time(seconds=120)
    assert [one.channel for one in stage.sent] == ["telegram"]


async def test_what_the_provider_gives_up_is_not_told_as_sent(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    (message,) = stage.sent
    await stage.tell(MessageStatusChanged(channel="sms", provider_id=f"SM{message.id}", state="failed"))
    assert await stage.reasons() == ["undelivered"]


async def test_a_text_with_something_unknown_is_never_sent_and_the_log_names_it(stage: Stage) -> None:
    await stage.switch_on(texts={"uk": "{name}, ми передзвонимо"})
    await stage.rings()
    await stage.pass_time(minutes=1)
    (run,) = await stage.runs()
    assert (stage.sent, run.state, run.reason, run.detail) == ([], "skipped", "not_filled", "name")


async def test_a_kill_between_the_decision_and_its_message_leaves_neither(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    stage.clock.advance(60)
    ((run_id, _),) = await _due(stage)
    with pytest.raises(KeyboardInterrupt):
        await _killed(stage, run_id)
    assert [run.state for run in await stage.runs()] == ["waiting"]
    assert await stage.house.messages() == ()
    await stage.look()
    await stage.look()
    assert len(stage.sent) == 1


async def _killed(stage: Stage, run_id: str) -> None:
    """Decided and written, and then the process dies before its commit."""
    async with stage.api() as api:
        await api.runs.look_at(run_id)
        raise KeyboardInterrupt


async def _due(stage: Stage) -> tuple[tuple[str, str], ...]:
    async with stage.api() as api:
        return await api.runs.due(stage.clock.now())


async def test_a_run_that_two_processes_look_at_is_written_once(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    stage.clock.advance(60)
    ((run_id, _),) = await _due(stage)
    for _ in range(2):
        async with stage.api() as api:
            await api.runs.look_at(run_id)
    await stage.look()
    assert len(stage.sent) == 1


async def test_a_talk_with_a_new_caller_is_thanked_for_a_known_one_not(stage: Stage) -> None:
    await make_client(stage.house.hub, "Iryna", MOBILE)
    await stage.switch_on("new_caller", texts={"uk": "Дякуємо за дзвінок!"})
    begun = stage.clock.now() - timedelta(seconds=20)
    await stage.rings(MOBILE, "answered", answered_at=begun)
    await stage.rings("+380671112233", "answered", answered_at=begun)
    await stage.pass_time(minutes=2)
    assert [one.address for one in stage.sent] == ["+380671112233"]
    assert sorted(await stage.reasons()) == ["", "who"]


async def test_who_writes_in_the_night_is_answered_once(stage: Stage) -> None:
    await stage.switch_on("closed_letter")
    stage.clock.advance(timedelta(hours=7, minutes=30).total_seconds())
    now = stage.clock.now()
    await stage.tell(wrote("Is it ready?", 1, written_at=now), wrote("Hello?", 2, written_at=now))
    await stage.pass_time(minutes=1)
    (message,) = stage.sent
    assert message.address == MOBILE
    assert "09:00" in message.text
    stage.clock.advance(60)
    await stage.tell(wrote("I am a machine too", 3, written_at=stage.clock.now()))
    await stage.pass_time(minutes=1)
    await stage.pass_time(minutes=1)
    assert len(await stage.house.messages()) == 4
    assert await stage.reasons() == ["", "too_often", "too_often"]


async def test_another_module_can_fire_a_trigger_with_words_of_its_own(stage: Stage) -> None:
    client = await make_client(stage.house.hub, "Iryna", MOBILE)
    async with stage.api() as api:
        await api.rules.save(
            RuleEntry(
                trigger="callback.unreached", title="x", texts={"uk": "{name}, {shop}"}, is_on=True,
            )
        )  # fmt: skip
    fired = TriggerFired(
        trigger="callback.unreached", cause="order:1", at=stage.clock.now(), client_id=client.id,
        values=(TriggerValue(name="order", text="7"),),
    )  # fmt: skip
    await stage.tell(fired, times=2)
    await stage.pass_time(seconds=5)
    assert [one.text for one in stage.sent] == ["Iryna, Pitline"]


async def test_advertising_needs_a_consent(stage: Stage) -> None:
    await make_client(stage.house.hub, "Iryna", MOBILE)
    await stage.switch_on(purpose="marketing")
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["no_consent"])


async def agreed(stage: Stage) -> None:
    client = await make_client(stage.house.hub, "Iryna", MOBILE, emails=("iryna@example.com",))
    await record(stage.house, Subject(client_id=client.id))


@pytest.mark.parametrize("channel", ["sms", "email"])
async def test_advertising_has_its_way_out_in_it(public_stage: Stage, channel: str) -> None:
    stage = public_stage
    stage.wire.carried = {
        **stage.wire.carried,
        "email": replace(SMS, name="email", account="shop@example.com"),
    }
    await agreed(stage)
    await stage.switch_on(purpose="marketing", channels=(channel,))
    await stage.rings()
    await stage.pass_time(minutes=1)
    (message,) = stage.sent
    assert message.channel == channel
    assert message.unsubscribe_url.startswith("http://shop.example/c/")
    assert message.text.endswith(f"\nНе писати мені: {message.unsubscribe_url}")


async def test_advertising_without_a_way_out_is_not_sent_and_the_log_says_why(stage: Stage) -> None:
    await agreed(stage)
    rule = await stage.switch_on(purpose="marketing")
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["no_public_url"])
    async with stage.api() as api:
        assert [one.reason for one in await api.log.rehearse(rule.entry, None)] == ["no_public_url"]


async def test_the_dry_run_says_what_would_have_gone_out_and_why_not(stage: Stage) -> None:
    await stage.rings()
    stage.clock.advance(600)
    await stage.rings()
    await stage.rings(LANDLINE)
    async with stage.api() as api:
        ready = await api.rules.recipe("text_back")
        found = await api.log.rehearse(ready.entry, None)
    assert sorted((one.number, one.reason) for one in found) == [
        (LANDLINE, "landline"), (MOBILE, ""), (MOBILE, "too_often"),
    ]  # fmt: skip
    assert stage.sent == []
    assert await stage.runs() == ()


async def test_a_merged_client_keeps_what_they_were_written(stage: Stage) -> None:
    one = await make_client(stage.house.hub, "Iryna", MOBILE)
    other = await make_client(stage.house.hub, "Iryna K", "+380671112233")
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    async with crm_of(stage.house.hub) as crm:
        await crm.merging.merge(one.id, other.id, reason="same")
    assert [run.client_id for run in await stage.runs()] == [other.id]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"texts": {"uk": "{wheels}"}}, "text_uk"), ({"texts": {"uk": "[[a]]"}}, "text_uk"),
        ({"texts": {}}, "texts"), ({"trigger": "no.such"}, "trigger"), ({"title": ""}, "title"),
        ({"delay_seconds": -1}, "delay_seconds"), ({"fallback_seconds": 5}, "fallback_seconds"),
        ({"shop_id": "nowhere"}, "shop_id"),
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_a_rule_that_cannot_work_is_refused_by_its_field(
    stage: Stage, changes: dict[str, object], field: str
) -> None:
    async with stage.api() as api:
        with pytest.raises(Invalid) as fault:
            await stage_save(api, **changes)
    assert field in fault.value.fields


async def stage_save(api: AutoTextsApi, **changes: object) -> None:
    values = {name: getattr(READY, name) for name in ("trigger", "title", "texts")}
    await api.rules.save(RuleEntry(**{**values, **changes}))


async def test_a_shop_has_a_ready_rule_once(stage: Stage) -> None:
    await stage.switch_on()
    async with stage.api() as api:
        with pytest.raises(Conflict):
            await api.rules.save((await api.rules.recipe("text_back")).entry)


@pytest.mark.parametrize(
    ("text", "values", "said", "missing"),
    [
        ("Hi[, {name}]!", {}, "Hi!", ()),
        ("Hi[, {name}]!", {"name": "Ann"}, "Hi, Ann!", ()),
        ("Hi {name}", {"name": " "}, "Hi {name}", ("name",)),
        ("{name}", {"name": "{shop}", "shop": "x"}, "{shop}", ()),
        ("a [b {x}] c", {}, "a c", ()),
    ],
)
def test_brackets_leave_out_what_is_not_known(
    text: str, values: dict[str, str], said: str, missing: tuple[str, ...]
) -> None:
    assert written(text, values) == (said, missing)


@pytest.mark.parametrize(
    "jump", [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
)
def test_a_pause_of_a_day_is_a_day_also_when_the_clocks_change(jump: datetime) -> None:
    def reason(hours: float) -> str:
        facts = Facts(
            now=jump + timedelta(hours=hours), happened_at=jump + timedelta(hours=hours), is_open=True,
            is_client=True, is_known=True, last_at=jump,
        )  # fmt: skip
        return judge(READY, facts).reason

    assert (reason(23.9), reason(24.1)) == ("too_often", "")


def test_conditions_are_asked_before_the_number() -> None:
    rule = RuleEntry(
        trigger="x", title="x", texts={}, is_on=True, conditions=Conditions(hours="open", tags=("vip",))
    )
    facts = Facts(now=NOON, happened_at=NOON, is_open=True, is_client=True, is_known=True, is_mobile=False)
    assert judge(rule, facts).reason == "tags"
