"""What the README tells people to paste into an Asterisk of their own, pasted into a real one."""

from __future__ import annotations

import asyncio

import pytest

from tests.asterisk.ami_tap import AmiTap
from tests.asterisk.configuration import pasted_from_readme, sample_filters
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.scenarios.base import QUEUE_LINE
from tests.asterisk.test_sample_pbx import NOISE

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.usefixtures("asterisk")]

USER, CLOCK = "[pitline]", "[general](+)"
OLD_FILTERS = (
    "eventfilter = !Event: (CEL|TestEvent|RTCPSent|RTCPReceived|ChallengeSent|SuccessfulAuth|DialState)"
)
FACTS = {
    "Newchannel",
    "Newexten",
    "VarSet",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "QueueCallerJoin",
    "Hangup",
}


async def _heard(*parts: str) -> list[dict[str, str]]:
    """What the pasted AMI user hears of one answered queue call."""
    files = {"manager_custom.conf": pasted_from_readme(*parts)}
    async with (
        AsteriskPbx("freepbx", files=files) as pbx,
        pbx.trunk() as world,
        pbx.phone("101") as anna,
    ):
        tap = await AmiTap(pbx.ami_host, pbx.ami_port, pbx.ami_user, pbx.ami_secret).open()
        caller = await world.call(QUEUE_LINE[0], number="380501112233")
        at_anna = (await anna.ringing()).answer()
        await tap.event("AgentConnect")
        await asyncio.sleep(0.5)
        await caller.bye()
        await at_anna.until("ended")
        await tap.event("Hangup", lambda each: each["Channel"].startswith("PJSIP/kyivstar_1-"))
        await tap.close()
        assert pbx.complaints() == []
    return tap.events


async def test_the_pasted_user_hears_the_facts_with_their_times() -> None:
    events = await _heard(USER, CLOCK)
    assert {each["Event"] for each in events} >= FACTS
    assert all("Timestamp" in each for each in events if each["Event"] in FACTS)


@pytest.mark.parametrize("filters", [sample_filters(), OLD_FILTERS], ids=["new", "old"])
async def test_either_way_of_filtering_keeps_the_facts_and_drops_noise(filters: str) -> None:
    names = {each["Event"] for each in await _heard(USER, filters)}
    assert names >= FACTS
    assert names & NOISE == set()
