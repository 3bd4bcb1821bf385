"""How consent stands follows from the ledger alone; STOP is a table; hours go by the shop's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.consents.rules import Fact, State, state_of, taken
from hub.modules.consents.rules_hours import ContactRules, Quiet, quiet_until, read_rules, stored_form
from hub.modules.consents.rules_words import word_of
from tests.modules.consents.stories import at

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
CHANNELS = ("", "sms", "telegram", "email")
plain = st.builds(
    Fact,
    n=st.just(0), at=st.just(BEGIN), topic=st.sampled_from(["marketing", "service"]),
    act=st.sampled_from(["granted", "withdrawn"]), form=st.sampled_from(["signature", "oral", "import"]),
    channel=st.sampled_from(CHANNELS),
)  # fmt: skip


def numbered(facts: list[Fact]) -> list[Fact]:
    """One a day."""
    return [
        Fact(
            n=n, at=BEGIN + timedelta(days=n), topic=one.topic, act=one.act, form=one.form,
            channel=one.channel, took=one.took,
        )
        for n, one in enumerate(facts)
    ]  # fmt: skip


def stop(state: State, n: int, topic: str = "marketing") -> Fact:
    act = "blocked" if topic == "all" else "withdrawn"
    when = BEGIN + timedelta(days=n)
    return Fact(n=n, at=when, topic=topic, act=act, form="message", took=taken(state, topic, "message"))


def start(state: State, n: int) -> Fact:
    took = tuple(sorted(state.restorable("message")))
    when = BEGIN + timedelta(days=n)
    return Fact(n=n, at=when, topic="all", act="restored", form="message", took=took)


def seen(state: State) -> dict[tuple[str, str], bool]:
    return {(topic, one): state.allows(topic, one) for topic in ("marketing", "service") for one in CHANNELS}


@given(st.lists(plain, max_size=12), st.randoms())
def test_the_state_does_not_hang_on_the_order_in_which_rows_are_read(
    facts: list[Fact], chance: Random
) -> None:
    rows = numbered(facts)
    mixed = [*rows]
    chance.shuffle(mixed)
    assert state_of(mixed) == state_of(rows)


@given(st.lists(plain, max_size=12))
def test_a_stop_ends_marketing_on_every_channel_and_nothing_of_the_service(facts: list[Fact]) -> None:
    rows = numbered(facts)
    before = state_of(rows)
    after = state_of([*rows, stop(before, 50)])
    assert not any(after.allows("marketing", one) for one in CHANNELS)
    assert [after.allows("service", one) for one in CHANNELS] == [
        before.allows("service", one) for one in CHANNELS
    ]


@given(st.lists(plain, max_size=12), st.lists(st.sampled_from(["marketing", "all"]), min_size=1, max_size=4))
def test_a_start_gives_back_what_the_stops_took_and_not_a_bit_more(
    facts: list[Fact], stops: list[str]
) -> None:
    rows = numbered(facts)
    before = state_of(rows)
    for n, topic in enumerate(stops, 50):
        rows.append(stop(state_of(rows), n, topic))
    assert not any(state_of(rows).allows("marketing", one) for one in CHANNELS)
    after = state_of([*rows, start(state_of(rows), 60)])
    granted = {key for key, is_on in seen(before).items() if is_on}
    assert {key for key, is_on in seen(after).items() if is_on} == granted
    assert after.restorable("message") == frozenset()


@given(st.lists(plain, max_size=8))
def test_nobody_gets_marketing_who_has_never_agreed(facts: list[Fact]) -> None:
    never = [one for one in facts if not (one.act == "granted" and one.topic == "marketing")]
    rows = numbered(never)
    rows.append(stop(state_of(rows), 50))
    rows.append(start(state_of(rows), 51))
    assert not any(state_of(rows).allows("marketing", one) for one in CHANNELS)


def test_what_a_person_withdrew_on_paper_does_not_come_back_by_a_start() -> None:
    rows = numbered([Fact(n=0, at=BEGIN, topic="marketing", act="granted", form="signature")])
    rows.append(stop(state_of(rows), 1))
    rows.append(Fact(n=2, at=BEGIN + timedelta(days=2), topic="marketing", act="withdrawn", form="signature"))
    assert state_of(rows).restorable("message") == frozenset()


WORDS = [
    ("stop", "stop"), (" Stop. ", "stop"), ("STOP", "stop"), ("\u00a0Stop\u00a0", "stop"),
    ("ＳＴＯＰ", "stop"), ("S\u200bTOP", "stop"), ("SТОР", "stop"), ("ЅТОР!", "stop"), ("ST0P", "stop"),
    ("«stop»", "stop"), ("STOP please", "stop"), ("Please, stop!", "stop"), ("unsubscribe", "stop"),
    ("opt-out", "stop"), ("OptOut", "stop"), ("REVOKE", "stop"), ("СТОП", "stop"), ("стоп", "stop"),
    ("Стоп.", "stop"), ("CTOП", "stop"), ("cтoп", "stop"), ("отписаться", "stop"),
    ("Отпишите меня", "stop"), ("не пишите мне", "stop"), ("ВІДПИСАТИСЯ", "stop"), ("не пишіть", "stop"),
    ("стоп, будь ласка", "stop"), ("cancel", "stop"), ("END", "stop"), ("quit", "stop"),
    ("STOPALL", "stop_all"), ("stop all", "stop_all"), ("стоп все", "stop_all"), ("СТОП УСЕ", "stop_all"),
    ("START", "start"), ("unstop", "start"), ("yes", "start"), ("Старт!", "start"),
    ("підписатися", "start"), ("/stop", "stop"),
    ("Please do not stop the repair", None), ("Stop by at five?", None), ("стоп-сигнал не горит", None),
    ("start of the week?", None), ("", None), ("👍", None), ("/start", None),
    ("stop " * 40, None), ("Не пишите на стекле маркером", None),
]  # fmt: skip


@pytest.mark.fault("F35")
@pytest.mark.parametrize(("text", "word"), WORDS)
def test_a_whole_message_is_looked_up_in_the_table(text: str, word: str | None) -> None:
    assert word_of(text, "sms") == word


@pytest.mark.parametrize("text", ["cancel", "end", "quit", "yes"])
def test_the_sms_providers_words_mean_something_else_in_a_chat(text: str) -> None:
    assert word_of(text, "telegram") is None


@given(st.text(max_size=70))
def test_no_text_breaks_the_table(text: str) -> None:
    assert word_of(text, "viber") in ("stop", "stop_all", "start", None)


RULES = ContactRules()


@pytest.mark.parametrize(
    ("purpose", "moment", "until"),
    [
        ("service", "2026-01-05T20:59+02:00", None),
        ("service", "2026-01-05T21:00+02:00", "2026-01-06T08:00+02:00"),
        ("service", "2026-01-06T07:59+02:00", "2026-01-06T08:00+02:00"),
        ("service", "2026-01-06T08:00+02:00", None),
        ("service", "2026-01-04T12:00+02:00", None),
        ("marketing", "2026-01-03T20:30+02:00", "2026-01-05T09:00+02:00"),
        ("marketing", "2026-01-04T12:00+02:00", "2026-01-05T09:00+02:00"),
        ("marketing", "2026-01-05T19:59+02:00", None),
        ("service", "2026-03-28T23:00+02:00", "2026-03-29T08:00+03:00"),
    ],
)
def test_quiet_hours_end_by_the_shops_clock(purpose: str, moment: str, until: str | None) -> None:
    found = quiet_until(RULES, purpose, at(moment), KYIV)
    assert found == (at(until) if until else None)


@given(
    st.integers(0, 366 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
    st.sampled_from(["00:00", "06:30", "13:00", "21:00"]), st.sampled_from(["00:00", "08:00", "09:15"]),
)  # fmt: skip
def test_what_is_held_may_go_when_the_quiet_is_over(moment: datetime, begins: str, ends: str) -> None:
    rules = ContactRules(marketing=Quiet(begins=begins, ends=ends))
    until = quiet_until(rules, "marketing", moment, KYIV)
    assert until is None or (until > moment and quiet_until(rules, "marketing", until, KYIV) is None)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(
    st.sampled_from(["service", "marketing", "marketing_days", "begins", "ends", "x"]), inner
)))  # fmt: skip
def test_whatever_is_stored_can_be_read(stored: object) -> None:
    rules = read_rules(stored)
    assert read_rules(stored_form(rules)) == rules
