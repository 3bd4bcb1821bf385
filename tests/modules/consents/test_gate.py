"""What is sent passes one gate: when it is queued, and again before it leaves. The wire is the judge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid, NotFound
from hub.events.messages import ReachChanged
from hub.modules.consents.api import Subject
from hub.ports.messaging import Refused
from tests.factories.crm import make_client
from tests.factories.relays import settled
from tests.modules.consents.stories import NOON, asked, at, moved, record, standing
from tests.modules.messaging.wire import IRYNA, OLEH, House, Wire, wrote

LANDLINE = "+380442345678"


@pytest.fixture(autouse=True)
def _at_noon(frozen_clock: FrozenClock) -> None:
    moved(frozen_clock, NOON)


async def agreed(house: House) -> Subject:
    client = await make_client(house.hub, "Iryna", IRYNA)
    await record(house, Subject(client_id=client.id))
    return Subject(client_id=client.id)


async def test_marketing_needs_a_consent_and_service_does_not(house: House, wire: Wire) -> None:
    assert (await asked(house, "marketing")).code == "no_consent"
    assert (await asked(house, "service")).is_yes
    await agreed(house)
    assert (await asked(house, "marketing")).is_yes
    with pytest.raises(Conflict, match=r"consents.no_consent"):
        await house.queue("Tyres!", purpose="marketing", address=OLEH)


async def test_an_oral_word_is_no_consent_to_advertising(house: House) -> None:
    with pytest.raises(Invalid, match=r"consents.oral"):
        await record(house, Subject(channel="sms", address=IRYNA), form="oral")
    with pytest.raises(Invalid) as fault:
        await record(house, Subject(channel="sms", address=IRYNA), evidence=" ")
    assert "evidence" in fault.value.fields
    with pytest.raises(NotFound):
        await record(house, Subject(client_id="nobody"))
    assert (await asked(house)).code == "no_consent"


async def test_an_oral_word_is_enough_to_end_it(house: House) -> None:
    whose = await agreed(house)
    await record(house, whose, "withdrawn", form="oral", evidence="")
    assert (await asked(house)).code == "withdrawn"


async def test_stop_on_one_channel_ends_advertising_on_all_and_ready_still_arrives(
    house: House, wire: Wire
) -> None:
    whose = await agreed(house)
    await house.tell(wrote("hi", 1, channel="telegram", account="bot", address="4401", phone=IRYNA))
    await house.tell(wrote(" Стоп. ", 2))
    await settled(house.hub)
    verdict = await asked(house, channel="telegram", address="4401", client_id=whose.client_id)
    assert verdict.code == "withdrawn"
    with pytest.raises(Conflict, match=r"consents.withdrawn"):
        await house.queue("Tyres!", purpose="marketing")
    await house.queue("Ready at five", purpose="service")
    await house.sent()
    await house.sent()
    texts = [one.text[:8] for one in wire.ledger if one.channel == "sms"]
    assert sorted(texts) == ["Ready at", "Реклами "]


async def test_a_stop_is_confirmed_once_however_often_it_is_said(house: House, wire: Wire) -> None:
    await agreed(house)
    for number in range(1, 5):
        await house.tell(wrote("STOP", number))
        await settled(house.hub)
    await house.sent()
    assert len(wire.ledger) == 1
    rows = (await standing(house, channel="sms", address=IRYNA)).entries
    assert [(one.act, one.took) for one in rows] == [("withdrawn", ("marketing:",)), ("granted", ())]


@pytest.mark.fault("F35")
async def test_start_gives_back_only_what_stop_took(house: House, wire: Wire) -> None:
    await agreed(house)
    await house.tell(wrote("STOPALL", 1))
    await settled(house.hub)
    assert (await asked(house, "service")).code == "blocked"
    assert (await asked(house, "marketing")).code == "blocked"
    await house.tell(wrote("START", 2))
    await settled(house.hub)
    assert (await asked(house, "marketing")).is_yes
    await house.tell(wrote("STOP", 3, address=OLEH))
    await house.tell(wrote("START", 4, address=OLEH))
    await settled(house.hub)
    assert (await asked(house, "marketing", address=OLEH)).code == "withdrawn"


async def test_whoever_asked_for_nothing_is_answered_when_they_write_again(house: House, wire: Wire) -> None:
    frozen = house.clock
    await house.tell(wrote("STOPALL", 1, written_at=NOON))
    await settled(house.hub)
    await house.sent()
    with pytest.raises(Conflict, match=r"consents.blocked"):
        await house.queue("But we only wanted to ask")
    frozen.advance(60)
    await house.tell(wrote("Is my car ready?", 2, written_at=frozen.now()))
    await settled(house.hub)
    await house.queue("It is")
    await house.sent()
    assert wire.ledger[-1].text == "It is"


async def test_nothing_leaves_after_a_stop_of_what_was_queued_before(house: House, wire: Wire) -> None:
    """F34, a sample: the handler that clears the queue has not run; the sender's own look holds it back."""
    whose = await agreed(house)
    message = await house.queue("Tyres!", purpose="marketing", priority="campaign")
    await record(house, whose, "withdrawn", form="oral", evidence="")
    await house.sent()
    found = await house.message(message.id)
    assert (wire.ledger, found.state) == ([], "failed")
    assert found.error == "They have withdrawn their consent."


async def test_a_stop_fails_what_waits_at_once(house: House, wire: Wire) -> None:
    whose = await agreed(house)
    message = await house.queue("Tyres!", purpose="marketing")
    await record(house, whose, "withdrawn", form="oral", evidence="")
    await settled(house.hub)
    assert (await house.message(message.id)).state == "failed"


async def test_what_is_written_at_night_leaves_in_the_morning_and_a_person_is_not_held(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    moved(frozen_clock, at("2026-01-05T23:30+02:00"))
    await house.queue("Ready", purpose="service")
    await house.queue("Yes, we are still here")
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Yes, we are still here"]
    moved(frozen_clock, at("2026-01-06T08:00:01+02:00"))
    await house.sent()
    assert [one.text for one in wire.ledger][1:] == ["Ready"]


async def test_what_waited_into_the_night_is_held_and_not_given_up(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.is_up = False
    await house.queue("Ready", purpose="service")
    moved(frozen_clock, at("2026-01-05T21:30+02:00"))
    wire.is_up = True
    await house.sent()
    assert wire.ledger == []
    moved(frozen_clock, at("2026-01-06T08:00:01+02:00"))
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Ready"]


async def test_advertising_comes_once_in_so_many_days_whatever_it_is_for(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    await agreed(house)
    await house.queue("Tyres!", purpose="marketing")
    with pytest.raises(Conflict, match=r"consents.too_often"):
        await house.queue("Happy birthday", purpose="marketing")
    verdict = await asked(house, client_id=None)
    assert (verdict.code, verdict.until) == ("too_often", NOON + timedelta(days=7))
    await house.sent()
    moved(frozen_clock, NOON + timedelta(days=7))
    assert (await asked(house)).is_yes


async def test_what_failed_does_not_count(house: House, wire: Wire) -> None:
    await agreed(house)
    wire.faults = [Refused("The number is not in use.", "21211")]
    await house.queue("Tyres!", purpose="marketing")
    await house.sent()
    await settled(house.hub)
    assert (await asked(house)).is_yes


async def test_a_landline_gets_no_text_and_the_next_number_does(house: House) -> None:
    assert (await asked(house, "service", address=LANDLINE)).code == "landline"
    client = await make_client(house.hub, "Oleh", LANDLINE, OLEH)
    message = await house.queue("Ready", channel=None, address=None, client_id=client.id, purpose="service")
    assert message.address == OLEH


@pytest.mark.parametrize(
    ("more", "code"),
    [({"relation": "supplier"}, "not_a_client"), ({"blocked_reason": "rude"}, "blacklisted")],
)
async def test_only_clients_are_written_to(house: House, more: dict[str, str], code: str) -> None:
    await make_client(house.hub, "Parts", IRYNA, **more)
    assert (await asked(house, "service")).code == code


async def test_the_providers_own_stop_is_noted_and_ends_when_they_write_again(
    house: House, wire: Wire
) -> None:
    """F36, its part: 21610 is never tried again."""
    wire.faults = [Refused("The receiver has stopped messages of this number.", "21610", is_blocked=True)]
    await house.queue("Ready", purpose="service")
    await house.sent()
    await house.sent()
    assert wire.ledger == []
    assert (await standing(house, channel="sms", address=IRYNA)).provider_blocks == ("sms",)
    assert (await asked(house, "service")).code == "provider_blocked"
    await house.tell(wrote("Hello?", 2))
    await settled(house.hub)
    assert (await asked(house, "service")).is_yes


async def test_a_list_is_no_answer_to_somebody_who_said_no(house: House) -> None:
    whose = await agreed(house)
    await record(house, whose, "withdrawn", form="oral", evidence="")
    with pytest.raises(Conflict, match=r"consents.said_no"):
        await record(house, whose, form="import")


async def test_whoever_shuts_the_bot_out_is_noted_until_they_open_it_again(house: House) -> None:
    for is_blocked, code in ((True, "provider_blocked"), (False, "")):
        async with house.uow(actor=None) as uow:
            uow.publish(
                ReachChanged(channel="telegram", account="bot", address="4401", is_blocked=is_blocked)
            )
        await settled(house.hub)
        assert (await asked(house, "service", channel="telegram", address="4401")).code == code


async def test_a_list_for_every_channel_does_not_wipe_a_no_to_one(house: House) -> None:
    whose = await agreed(house)
    await record(house, whose, "withdrawn", form="oral", evidence="", channel="sms")
    with pytest.raises(Conflict, match=r"consents.said_no"):
        await record(house, whose, form="import")
    await record(house, whose, form="import", channel="email")
    assert (await asked(house)).code == "withdrawn"


async def test_what_has_its_own_end_is_not_kept_for_the_morning(
    house: House, wire: Wire, frozen_clock: FrozenClock
) -> None:
    wire.is_up = False
    end = at("2026-01-05T22:00+02:00")
    await house.queue("We ring you back today", purpose="service", not_after=end)
    moved(frozen_clock, at("2026-01-05T21:30+02:00"))
    wire.is_up = True
    await house.sent()
    moved(frozen_clock, at("2026-01-06T08:00:01+02:00"))
    await house.sent()
    assert wire.ledger == []
    assert [one.state for one in await house.messages()] == ["failed"]


async def test_a_stop_of_a_sender_that_takes_no_answer_holds_without_one(house: House, wire: Wire) -> None:
    await house.tell(wrote("STOP", 1, address="7575"))
    await settled(house.hub)
    await house.sent()
    assert wire.ledger == []
    assert (await asked(house, "marketing", address="7575")).code == "withdrawn"
    assert not (await house.hub.system.report()).pending_deliveries
