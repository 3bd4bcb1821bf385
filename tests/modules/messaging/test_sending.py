"""What is sent goes out once, or is visibly in doubt; the wire's ledger is the judge."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid, Unavailable
from hub.modules.messaging.api import MessageEntry
from hub.modules.messaging.pace import Pace
from hub.modules.messaging.service_sending import CLAIM_SECONDS
from hub.ports.errors import NotReady, TransientError
from hub.ports.messaging import Refused, UnknownOutcome
from tests.factories.crm import make_client
from tests.modules.messaging.wire import IRYNA, OLEH, SMS, House, Wire, status, wrote


async def test_a_message_is_sent_once_with_its_own_id(house: House, wire: Wire) -> None:
    message = await house.queue("Ready at five")
    await house.sent()
    await house.sent()
    assert [(one.id, one.text, one.address, one.tries) for one in wire.ledger] == [
        (message.id, "Ready at five", IRYNA, 1)
    ]
    assert (await house.message(message.id)).state == "sent"


async def test_what_is_rolled_back_is_never_sent(house: House, wire: Wire) -> None:
    with pytest.raises(ZeroDivisionError):
        await _undone(house)
    await house.sent()
    assert wire.ledger == []


async def _undone(house: House) -> None:
    async with house.api() as api:
        await api.queue_message(MessageEntry(text="never", channel="sms", address=IRYNA))
        raise ZeroDivisionError


async def test_the_same_cause_is_one_message(house: House, wire: Wire) -> None:
    first = await house.queue("You rang us", cause="textback:42")
    again = await house.queue("You rang us", cause="textback:42")
    await house.sent()
    assert first.id == again.id
    assert len(wire.ledger) == 1


async def test_a_client_is_written_to_where_they_wrote_last(house: House, wire: Wire) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    telegram = wrote("hi", 7, channel="telegram", account="bot", address="4401", phone=IRYNA)
    await house.tell(telegram)
    message = await house.queue("Hello", channel=None, address=None, client_id=client.id)
    assert (message.channel, message.address, message.client_id) == ("telegram", "4401", client.id)


async def test_a_client_who_never_wrote_gets_it_by_their_main_phone(house: House) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    message = await house.queue("Hello", channel=None, address=None, client_id=client.id)
    assert (message.channel, message.address) == ("sms", IRYNA)


async def test_nobody_can_be_written_to_who_has_no_way(house: House) -> None:
    client = await make_client(house.hub, "Iryna")
    with pytest.raises(Conflict, match=r"messaging.no_channel"):
        await house.queue("Hello", channel=None, address=None, client_id=client.id)
    with pytest.raises(Conflict, match=r"messaging.cannot_write_first"):
        await house.queue("Hello", channel="telegram", address="4401")
    with pytest.raises(Conflict, match=r"messaging.channel_off"):
        await house.queue("Hello", channel="viber")
    with pytest.raises(Invalid, match=r"messaging.address"):
        await house.queue("Hello", address="101")
    with pytest.raises(Invalid, match=r"messaging.empty"):
        await house.queue("  ")


async def test_a_refusal_is_not_tried_again_and_says_why(house: House, wire: Wire) -> None:
    wire.faults = [Refused("The number is not in use.", "21211")]
    message = await house.queue()
    await house.sent()
    await house.sent()
    found = await house.message(message.id)
    assert (found.state, found.error, found.tries) == ("failed", "The number is not in use.", 1)
    assert wire.ledger == []


async def test_an_address_that_blocked_us_is_not_written_to_until_it_writes(house: House, wire: Wire) -> None:
    wire.faults = [Refused("Blocked.", is_blocked=True)]
    await house.queue()
    await house.sent()
    with pytest.raises(Conflict, match=r"messaging.blocked"):
        await house.queue("Again")
    await house.tell(wrote("I am back"))
    await house.queue("Welcome")
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Welcome"]


async def test_a_chat_that_moved_is_written_to_where_it_is_now(house: House, wire: Wire) -> None:
    wire.faults = [Refused("Moved.", moved_to=OLEH)]
    message = await house.queue()
    await house.sent()
    await house.sent()
    assert [(one.id, one.address) for one in wire.ledger] == [(message.id, OLEH)]


async def test_a_passing_fault_is_tried_again_in_the_order_of_the_chat(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.faults = [TransientError("Busy.")]
    await house.queue("first")
    await house.sent()
    await house.queue("second")
    await house.sent()
    assert wire.ledger == []
    frozen_clock.advance(60)
    sender = house.sender()
    await house.sent(sender)
    await house.sent(sender)
    assert [one.text for one in wire.ledger] == ["first", "second"]


async def test_too_many_requests_stop_the_whole_channel_and_no_other(house: House, wire: Wire) -> None:
    sender = house.sender()
    wire.faults = [TransientError("Too many requests.", retry_after=35)]
    await house.queue("to Iryna")
    await house.sent(sender)
    await house.queue("to Oleh", address=OLEH)
    await house.tell(wrote("hi", 9, channel="telegram", account="bot", address="4401"))
    await house.queue("by Telegram", channel="telegram", address="4401")
    await house.sent(sender)
    assert [one.text for one in wire.ledger] == ["by Telegram"]


async def test_a_link_that_is_down_costs_no_try(house: House, wire: Wire, frozen_clock: FrozenClock) -> None:
    wire.faults = [NotReady("No way to the provider.")]
    message = await house.queue()
    await house.sent()
    frozen_clock.advance(60)
    await house.sent()
    assert (await house.message(message.id)).tries == 1
    wire.is_up = False
    await house.queue("waits")
    await house.sent()
    assert len(wire.ledger) == 1


async def test_answers_go_before_campaigns(house: House, wire: Wire) -> None:
    wire.carried = {"sms": replace(SMS, per_second=1.0)}
    for number in range(3):
        await house.queue(f"tyres {number}", address=f"+38050123456{number}", priority="campaign")
    await house.queue("Yes, at five", address=OLEH)
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Yes, at five"]


async def test_what_came_too_late_is_not_sent(house: House, wire: Wire, frozen_clock: FrozenClock) -> None:
    message = await house.queue(not_after=frozen_clock.now() + timedelta(minutes=5))
    frozen_clock.advance(301)
    await house.sent()
    assert (await house.message(message.id)).state == "failed"
    assert wire.ledger == []


async def test_of_an_unseen_answer_the_provider_is_asked_and_it_is_not_sent_again(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.faults, wire.keeps = [UnknownOutcome("The answer was not seen.")], True
    message = await house.queue()
    await house.sent()
    assert (await house.message(message.id)).state == "unknown"
    await house.sent()
    assert wire.asked == []
    frozen_clock.advance(11)
    await house.sent()
    assert (await house.message(message.id)).state == "sent"
    assert len(wire.ledger) == 1


async def test_what_the_provider_has_not_got_is_sent_after_all(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.faults = [UnknownOutcome("The answer was not seen.")]
    message = await house.queue()
    await house.sent()
    frozen_clock.advance(11)
    await house.sent()
    await house.sent()
    assert [(one.id, one.tries) for one in wire.ledger] == [(message.id, 2)]


async def test_where_the_provider_cannot_be_asked_a_person_decides(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    def cannot_say(_message: object) -> None:
        raise UnknownOutcome("It cannot be asked.")

    wire.faults, wire.found = [UnknownOutcome("The answer was not seen.")], cannot_say
    message = await house.queue()
    await house.sent()
    for _ in range(5):
        frozen_clock.advance(600)
        await house.sent()
    found = await house.message(message.id)
    assert (found.state, found.is_asked, len(wire.asked)) == ("unknown", False, 1)
    assert wire.ledger == []


async def test_what_a_dead_process_had_in_hand_is_asked_about_not_sent_again(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.pause = 60
    message = await house.queue()
    dead = house.sender("dead")
    await dead.step()
    dead.patience = 0.0
    await dead.stop()
    wire.pause = 0
    assert (await house.message(message.id)).state == "sending"
    frozen_clock.advance(130)
    await house.sent()
    assert (await house.message(message.id)).state == "unknown"
    frozen_clock.advance(11)
    sender = house.sender()
    await house.sent(sender)
    await house.sent(sender)
    assert [one.id for one in wire.ledger] == [message.id]
    assert [one.id for one in wire.asked] == [message.id]


@pytest.mark.parametrize("fault", [Unavailable("test.away", "Away."), RuntimeError("Session is closed")])
async def test_what_we_had_in_hand_ourselves_and_could_not_note_is_asked_about(
    house: House, wire: Wire, frozen_clock: FrozenClock, fault: Exception
) -> None:
    wire.faults, wire.keeps = [fault], True
    message, sender = await house.queue(), house.sender()
    await house.sent(sender)
    assert (await house.message(message.id)).state == "sending"
    for seconds in (130, 11):
        frozen_clock.advance(seconds)
        await house.sent(sender)
    await house.sent(sender)
    assert (await house.message(message.id)).state == "sent"
    assert [one.id for one in wire.ledger] == [message.id]


async def test_what_takes_longer_than_a_claim_is_in_no_doubt_while_it_is_under_way(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.pause = 0.2
    message, sender = await house.queue(), house.sender()
    await sender.step()
    await asyncio.sleep(0)
    frozen_clock.advance(130)
    await sender.step()
    assert (await house.message(message.id)).state == "sending"
    await sender.idle()
    assert (await house.message(message.id)).state == "sent"
    assert (len(wire.ledger), wire.asked) == (1, [])


@pytest.mark.parametrize(
    "states", [("delivered", "sent"), ("sent", "delivered", "read", "delivered", "sent")]
)
async def test_a_message_never_goes_back(house: House, states: tuple[str, ...]) -> None:
    message = await house.queue()
    await house.sent()
    for state in states:
        await house.tell(status(state, f"SM{message.id}"))
    furthest = "read" if "read" in states else "delivered"
    assert (await house.message(message.id)).state == furthest


async def test_a_status_that_comes_before_the_answer_is_not_lost(house: House, wire: Wire) -> None:
    message = await house.queue()
    await house.tell(status("delivered", f"SM{message.id}"))
    await house.sent()
    assert (await house.message(message.id)).state == "delivered"


async def test_a_status_with_our_id_settles_what_was_in_doubt(house: House, wire: Wire) -> None:
    wire.faults, wire.keeps = [UnknownOutcome("The answer was not seen.")], True
    message = await house.queue()
    await house.sent()
    await house.tell(status("delivered", "SM77", message_id=message.id))
    found = await house.message(message.id)
    assert (found.state, found.provider_id) == ("delivered", "SM77")


def test_one_chat_is_written_to_at_its_own_pace() -> None:
    clock = [100.0]
    pace = Pace(replace(SMS, per_second=30.0, per_chat=1.0), lambda: clock[0])
    assert pace.free() == 30
    pace.spend(IRYNA)
    assert (pace.free(), pace.busy()) == (29, {IRYNA})
    clock[0] += 1.01
    assert (pace.free(), pace.busy()) == (30, set())
    pace.pause(35)
    assert pace.free() == 0
    clock[0] += 35.1
    assert pace.free() == 30


async def test_what_is_too_long_for_its_channel_goes_out_in_pieces_and_in_order(
    house: House, wire: Wire
) -> None:
    wire.carried = {"sms": replace(SMS, longest=10)}
    await house.queue("one two three four")
    sender = house.sender()
    for _ in range(3):
        await house.sent(sender)
    assert [one.text for one in wire.ledger] == ["one two", "three four"]


@pytest.mark.postgres
async def test_what_a_process_has_in_hand_stays_its_own_however_long_the_provider_takes(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = wire.held[IRYNA] = asyncio.Event()
    first, second = house.sender("one"), house.sender("two")
    message = await house.queue()
    await first.step()
    for _ in range(6):
        house.clock.advance(CLAIM_SECONDS / 2)
        await first.step()
        await second.step()
        assert (await house.message(message.id)).state == "sending"
    answered.set()
    await first.idle()
    await second.idle()
    assert (await house.message(message.id)).state == "sent"
    assert len(wire.ledger) == 1
