"""The demo shop's data hold together, and are the practice exchange's."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.rehearsals import REHEARSALS
from hub.cli.demo.clients import demo_clients, is_mobile
from hub.cli.demo.conversations import past_messages
from hub.cli.demo.history import DAYS, past_calls
from hub.cli.demo.notes import FRIDAY_NOTE
from hub.cli.demo.people import LINES, WORKERS
from hub.events.messages import MessageReceived, MessageSentElsewhere
from hub.values import PhoneNumber, Plate, normalise_number

KYIV = ZoneInfo("Europe/Kyiv")
STRANGERS = {"stranger", "second_stranger", "withheld", "hostile"}


def test_the_practice_exchange_has_the_demo_shops_people_and_lines() -> None:
    cast = shop_cast()
    assert cast.people == {extension: w.name for w in WORKERS for extension in w.extensions}
    assert {e: normalise_number(m, "UA") for e, m in cast.mobiles.items()} == {
        w.extensions[0]: w.mobile for w in WORKERS if w.mobile
    }
    assert {normalise_number(line, "UA") for line in cast.lines} == {line.number for line in LINES}


def test_the_callers_of_the_practice_exchange_are_clients_of_the_demo_shop_or_strangers() -> None:
    known = {normalise_number(n, "UA") for client in demo_clients() for n, _ in client.phones}
    assert {normalise_number(caller.number, "UA") for caller in shop_cast().regulars} <= known
    dialled = {row.what for script in REHEARSALS for row in script.rows if row.verb.__name__ == "dials"}
    assert {normalise_number(number, "UA") for number in dialled if len(number) > 3} <= known
    for name, caller in shop_cast().callers.items():
        assert (normalise_number(caller.number, "UA") in known) == (name not in STRANGERS), name


def test_every_phone_is_a_number_and_no_plate_stands_twice() -> None:
    clients = demo_clients()
    assert len(clients) >= 40
    assert all(PhoneNumber.parse(number, "UA") for client in clients for number, _ in client.phones)
    plates = [Plate(car.plate).key for client in clients for car in client.cars]
    assert len(set(plates)) == len(plates)


def test_the_first_client_has_the_octavia_of_the_story() -> None:
    first = demo_clients()[0]
    assert (first.cars[0].make, first.cars[0].model, first.cars[0].plate) == ("Skoda", "Octavia", "АА1234ВВ")
    assert normalise_number(first.phones[0][0], "UA") == normalise_number(
        shop_cast().callers["kovalchuk"].number, "UA"
    )


@pytest.mark.parametrize("today", [date(2026, 11, 23) + timedelta(days=n) for n in range(7)])
def test_the_week_of_calls_is_the_same_each_time_and_over_before_today(today: date) -> None:
    week = list(past_calls(demo_clients(), today, KYIV, "UA"))
    assert week == list(past_calls(demo_clients(), today, KYIV, "UA"))
    starts = [past.call.started_at for past in week]
    ends = [past.call.ended_at or past.call.started_at for past in week]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False)), "nobody is in two calls"
    assert starts[0].astimezone(KYIV).date() == today - timedelta(days=DAYS)
    assert max(ends).astimezone(KYIV).date() < today
    (friday,) = [past for past in week if past.note == FRIDAY_NOTE]
    assert friday.call.started_at.astimezone(KYIV).weekday() == 4
    assert {past.call.result for past in week} >= {"answered", "missed", "voicemail"}


@pytest.mark.parametrize("today", [date(2026, 11, 23) + timedelta(days=n) for n in range(7)])
def test_two_clients_wait_for_an_answer_and_one_has_it(today: date) -> None:
    known = (normalise_number(n, "UA") for one in demo_clients() for n, _ in one.phones)
    mobiles = frozenset(number for number in known if number and is_mobile(number))
    said = list(past_messages(list(past_calls(demo_clients(), today, KYIV, "UA")), mobiles))
    asked = {one.address for one in said if isinstance(one, MessageReceived)}
    (answer,) = [one for one in said if isinstance(one, MessageSentElsewhere)]
    assert len(asked) == 3
    assert answer.address in asked <= mobiles
    assert all(one.written_at.astimezone(KYIV).date() < today for one in said)


def test_every_past_call_adds_up() -> None:
    for past in past_calls(demo_clients(), date(2026, 11, 23), KYIV, "UA"):
        call = past.call
        assert call.ended_at is not None
        length = (call.ended_at - call.started_at).total_seconds()
        assert (call.wait_seconds or 0) + call.talk_seconds == pytest.approx(length, abs=0.2)
        assert (call.answered_at is None) == (call.talk_seconds == 0)
        assert all(party.left_at is None or party.left_at <= call.ended_at for party in call.parties)
