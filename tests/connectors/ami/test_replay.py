"""The journal of a day gives the calls of that day again."""

from __future__ import annotations

import asyncio

from connectors.ami.replay import AmiReplay
from connectors.ami.tracker import TrackerSettings
from hub.events.calls import CallFact, CallSnapshot, PbxLinkRestored
from tests.connectors.ami.ami_server import Script, channel, frame, recorded, serving
from tests.connectors.ami.hub_side import Hub, hub_on, until

TRUNK = "PJSIP/trunk-00000001"


def calls_again(hub: Hub) -> dict[str, CallSnapshot]:
    records = [(at, session, raw) for session, at, raw in hub.journal.lines]
    facts = [fact.event for fact in AmiReplay(TrackerSettings()).facts(records, records[-1][0])]
    steps = [event for event in facts if isinstance(event, CallFact)]
    return {event.call.call_id: event.call for event in sorted(steps, key=lambda event: event.step)}


async def test_a_recorded_call_comes_out_of_the_journal_as_it_came_from_the_line() -> None:
    async with serving(Script(boot_delay=None, banner=b"")) as server, hub_on(server) as hub:
        session = await server.logged_in()
        await session.replay(recorded("08_blind_transfer_sip_refer"))
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        await asyncio.sleep(0.15)
        assert calls_again(hub) == hub.calls
        assert [call.transfers[0].kind for call in hub.calls.values()] == ["blind"]


async def test_a_cut_with_its_comparison_comes_out_of_the_journal_the_same() -> None:
    async with serving() as server, hub_on(server) as hub:
        await until(lambda: hub.of(PbxLinkRestored))
        for number in (1, 2):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
        await until(lambda: len(hub.calls) == 2)
        server.script.channels = [channel(TRUNK, "1.2"), channel(TRUNK, "1.3")]
        server.session.reset()
        await until(lambda: len(hub.of(PbxLinkRestored)) == 2)
        await until(lambda: len(hub.calls) == 3)
        assert calls_again(hub) == hub.calls
        assert sorted(call.state for call in hub.calls.values()) == ["ended", "ringing", "ringing"]


async def test_what_the_tracker_does_not_read_is_in_the_journal_and_noise_is_not() -> None:
    async with serving() as server, hub_on(server) as hub:
        await until(lambda: hub.of(PbxLinkRestored))
        file = channel(TRUNK, "1.1", Variable="MIXMONITOR_FILENAME", Value="/spool/1.1.wav")
        other = channel(TRUNK, "1.1", Variable="DIALSTATUS", Value="ANSWER")
        server.session.send(frame("Event: VarSet", **other) + frame("Event: CEL", EventName="CHAN_START"))
        server.session.send(frame("Event: VarSet", **file))
        await until(lambda: any(b"1.1.wav" in raw for _, _, raw in hub.journal.lines))
        assert not any(b"DIALSTATUS" in raw or b"CHAN_START" in raw for _, _, raw in hub.journal.lines)
