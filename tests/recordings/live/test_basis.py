"""On what ground calls are recorded: the notice, the key, the word of mouth; and what must not be kept."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from recordings.api import RecordingsApi
from recordings.models import Recording
from recordings.rules_basis import Policy, profile_of, why_not
from tests.factories.tones import tone, wav
from tests.faults.figures import Fault
from tests.kernel.waiting import until
from tests.recordings.live.stage import Desk


async def _rule(desk: Desk) -> str | None:
    """By which rule the call's recording is gone; None: it is kept."""
    (kept,) = await desk.spool.recordings(call_id=desk.call)
    async with desk.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        found = await RecordingsApi(uow, desk.shop.hub.installation.deps).erasing.why([kept.id])
    return found[kept.id].rule if kept.id in found else None


async def test_a_notice_that_the_dialplan_played_stands_at_the_call(desk: Desk) -> None:
    await desk.talk()
    assert (await desk.asks())["notice"] == "none"
    desk.user_event("RecordingNotice")
    await desk.becomes(notice="played", consent=None)


async def test_on_an_outbound_call_it_is_said_and_one_press_notes_it(desk: Desk) -> None:
    await desk.talk(is_outbound=True)
    said = await desk.asks("notice", 200)
    assert (said["notice"], said["consent"]) == ("spoken", None)
    said = await desk.asks("notice", 200, consent="given")
    assert (said["notice"], said["consent"]) == ("spoken", "given")


@pytest.mark.parametrize(
    ("policy", "events", "rule"),
    [
        ({"profile": "notice"}, (), None),
        ({"profile": "notice", "erases_unannounced": True}, (), "no_notice"),
        ({"profile": "notice", "erases_unannounced": True}, ("RecordingNotice",), None),
        ({"profile": "opt_in"}, (), "no_consent"),
        ({"profile": "opt_in"}, ("RecordingNotice",), "no_consent"),
        ({"profile": "opt_in"}, ("yes",), None),
        ({"profile": "opt_in"}, ("no",), "no_consent"),
        ({"profile": "opt_in"}, ("yes", "no"), "no_consent"),
        ({"profile": "notice"}, ("no",), "no_consent"),
    ],
)  # fmt: skip
@pytest.mark.fault("F70")
async def test_a_recording_without_its_ground_is_not_kept(
    desk: Desk, policy: dict[str, object], events: tuple[str, ...], rule: str | None, fault: Fault
) -> None:
    with fault.run(f"{policy} {events}"):
        await desk.decide(**policy)
        await desk.talk()
        for event in events:
            is_answer = event in ("yes", "no")
            name = "RecordingConsent" if is_answer else event
            desk.user_event(name, **({"Answer": event} if is_answer else {}))
        if events:
            wanted = {"yes": "given", "no": "refused"}.get(events[-1])
            await desk.becomes(notice="played", consent=wanted)
        await desk.hang_up()
        desk.leave(wav(tone(440.0, 1.5)))
        await desk.spool.look()
        assert await _rule(desk) == rule
        assert bool(desk.spool.in_store()) == (rule is None)


async def test_a_no_by_key_stops_what_runs(desk: Desk) -> None:
    await desk.decide(profile="opt_in")
    await desk.talk()
    desk.user_event("RecordingConsent", Answer="no")
    await desk.reached("stopmixmonitor", 2)
    found = await desk.becomes(state="stopped", is_erased=True)
    assert found["stop_rule"] == "no_consent"


async def test_a_file_that_is_complete_while_a_yes_may_still_come_waits_for_the_end(desk: Desk) -> None:
    await desk.decide(profile="opt_in")
    await desk.talk(is_outbound=True)
    desk.leave()
    await desk.spool.look()
    assert await desk.spool.recordings() == []
    await desk.asks("notice", 200, consent="given")
    await desk.spool.look()
    assert [one.state for one in await desk.spool.recordings()] == ["ready"]


async def test_a_yes_cannot_be_made_of_a_no(desk: Desk) -> None:
    await desk.talk()
    desk.user_event("RecordingConsent", Answer="no")
    await desk.becomes(consent="refused")
    said = await desk.asks("notice", 409, consent="given")
    assert said["error"]["code"] == "recordings.refused"


@pytest.mark.parametrize(
    ("country", "profile"), [("UA", "notice"), ("DE", "opt_in"), ("PL", "notice"), ("AT", "opt_in")]
)
def test_a_shop_that_has_said_nothing_does_as_its_country(country: str, profile: str) -> None:
    assert profile_of(Policy(), country) == profile
    assert profile_of(Policy(profile="notice"), country) == "notice"


def test_a_talk_among_colleagues_is_never_kept() -> None:
    said = why_not(
        direction="internal",
        is_message=False,
        notice="played",
        consent="given",
        policy=Policy(),
        country="UA",
    )
    assert said == "internal"


def test_a_message_on_the_machine_needs_no_key() -> None:
    asked = {"direction": "inbound", "notice": "none", "consent": None, "policy": Policy(), "country": "DE"}
    assert why_not(is_message=True, **asked) is None  # type: ignore[arg-type]  # one row of the table
    assert why_not(is_message=False, **asked) == "no_consent"  # type: ignore[arg-type]


async def test_a_no_takes_what_was_taken_in_of_the_call_before_it(desk: Desk) -> None:
    await desk.talk()
    desk.leave(name="first.wav")
    await desk.spool.look()
    await _ties(desk)
    desk.user_event("RecordingConsent", Answer="no")
    await until(lambda: _is_erased(desk))


async def test_what_was_tied_to_a_call_that_went_on_goes_when_that_ends_without_a_yes(desk: Desk) -> None:
    desk.leave(name="first.wav")
    await desk.spool.look()
    await desk.decide(profile="opt_in")
    await desk.talk()
    await _ties(desk)
    assert [one.state for one in await desk.spool.recordings()] == ["ready"]
    await desk.hang_up()
    await until(lambda: _is_erased(desk))


async def _ties(desk: Desk) -> None:
    """The recording is the call's from now on."""
    async with desk.shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await uow.session.execute(update(Recording).values(call_id=desk.call))


async def _is_erased(desk: Desk) -> bool:
    return [one.state for one in await desk.spool.recordings()] == ["erased"]
