"""Phones and queue members of a real Asterisk, as the connector tells them; also after a cut line."""

from __future__ import annotations

import pytest

from hub.events.calls import CallbackAsked
from hub.events.phones import PhonesChanged
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.test_ami_line import CALLER, LINE, following, restored
from tests.connectors.ami.hub_side import Hub, until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


def phones(hub: Hub) -> dict[str, str]:
    """By extension, as the facts so far tell them."""
    known: dict[str, str] = {}
    for event in hub.intake.events:
        if isinstance(event, PhonesChanged):
            known = {} if event.is_whole else known
            known |= {one.extension: one.condition for one in event.phones}
    return known


def members(hub: Hub) -> dict[str, tuple[str, bool, str]]:
    """The same of the queue: condition, whether paused, the reason."""
    known: dict[str, tuple[str, bool, str]] = {}
    for event in hub.intake.events:
        if isinstance(event, PhonesChanged):
            known = {} if event.is_whole else known
            known |= {one.extension: (one.condition, one.is_paused, one.reason) for one in event.members}
    return known


async def test_phones_and_members_are_what_the_pbx_says_through_a_call_a_pause_and_a_cut(
    sample_pbx: AsteriskPbx,
) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna, following(sample_pbx) as hub:
        await until(lambda: phones(hub).get("101") == "free")
        assert phones(hub)["102"] == "unreachable"
        assert "trunk" not in phones(hub)
        caller = await world.call(LINE, number=CALLER)
        ringing = await anna.ringing()
        # The sample's phones take one call alone (device_state_busy_at = 1): busy from the first ringing on.
        await until(lambda: phones(hub)["101"] == "busy" and members(hub)["101"][0] == "busy")
        ringing.answer()
        await caller.until("answered")
        hub.connector.drop_line()
        await caller.bye()
        await restored(hub, 2)
        await until(lambda: phones(hub)["101"] == "free")
        await sample_pbx.command("queue pause member PJSIP/101 queue reception reason Lunch")
        await until(lambda: members(hub)["101"] == ("free", True, "Lunch"))
        hub.connector.drop_line()
        await restored(hub, 3)
        assert members(hub)["101"] == ("free", True, "Lunch")
        assert members(hub)["102"][0] == "unreachable"


async def test_a_place_that_is_kept_by_a_key_is_told_with_the_call(sample_pbx: AsteriskPbx) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna, following(sample_pbx) as hub:
        caller = await world.call(LINE, number=CALLER)
        await anna.ringing()
        await until(lambda: any(call.state == "queued" for call in hub.calls.values()))
        caller.press("1")
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        (asked,) = [event for event in hub.intake.events if isinstance(event, CallbackAsked)]
        (call,) = hub.calls.values()
        assert (asked.call_id, asked.queue, asked.place) == (call.call_id, "reception", 1)
        assert asked.waiting_since == call.queued_at
        assert call.result == "missed"
