"""The whole line: from a socket to stored facts, over losses, restarts, gaps and partial PBXes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime

import pytest

from connectors.ami import actions
from connectors.ami.actions import Sent
from connectors.ami.connector import AmiConnector
from connectors.ami.message import Message
from connectors.ami.tracker import TrackedFact, Tracker
from hub.clock import SystemClock
from hub.events.calls import PbxGapDeclared, PbxLinkLost, PbxLinkRestored
from hub.ports.errors import AuthFailed, NotReady
from tests.connectors.ami.ami_server import Script, channel, frame, recorded, serving, timing
from tests.connectors.ami.hub_side import (
    QUICK,
    Hub,
    KeptIntake,
    KeptJournal,
    KeptStatus,
    config_for,
    hub_on,
    until,
)
from tests.patience import within

TRUNK, PHONE = "PJSIP/trunk-00000001", "PJSIP/101-00000002"


def new_call(uniqueid: str = "1.1") -> bytes:
    """A caller comes in by the trunk."""
    return frame("Event: Newchannel", **channel(TRUNK, uniqueid))


def hang_up(uniqueid: str = "1.1") -> bytes:
    return frame("Event: Hangup", **channel(TRUNK, uniqueid), Cause="16")


def restored(hub: Hub) -> list[PbxLinkRestored]:
    return [event for event in hub.intake.events if isinstance(event, PbxLinkRestored)]


async def restored_on(hub: Hub, count: int = 1) -> PbxLinkRestored:
    await until(lambda: len(restored(hub)) >= count)
    return restored(hub)[count - 1]


async def test_the_first_log_in_is_told_with_its_boot() -> None:
    async with serving() as server, hub_on(server) as hub:
        told = await restored_on(hub)
        assert (told.boot, told.lost_at, told.is_new_boot) == ("20261123T080000", None, False)
        assert hub.status.states[-1] == "ready"
        assert hub.connector.link().is_up
        assert hub.connector.link().pbx_version == "Asterisk 22.10.1"


async def test_a_call_goes_through_at_once() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        began = time.monotonic()
        server.session.send(new_call())
        await until(lambda: hub.calls)
        assert time.monotonic() - began < within(0.3)


async def test_a_wrong_password_is_told_as_such() -> None:
    async with serving(Script(secret="other")) as server:
        connector = AmiConnector(config_for(server), KeptJournal(), SystemClock())
        with pytest.raises(AuthFailed):
            await connector.run(KeptIntake(), KeptStatus())
        assert not connector.link().is_up
        assert "refused" in connector.link().text


async def test_nobody_there_is_not_ready_and_says_where() -> None:
    async with serving() as server:
        config = config_for(server)
    connector = AmiConnector(config, KeptJournal(), SystemClock())
    with pytest.raises(NotReady, match=f"127.0.0.1:{config.port}"):
        await connector.run(KeptIntake(), KeptStatus())
    with pytest.raises(NotReady):
        await connector.order(actions.hang_up(PHONE))


@pytest.mark.parametrize("how", ["cut", "reset", "swallow"])
async def test_a_lost_line_is_told_and_healed(how: str) -> None:
    async with serving() as server, hub_on(server) as hub:
        first = await restored_on(hub)
        getattr(server.session, how)()
        await until(lambda: hub.of(PbxLinkLost) and hub.failures)
        assert ("not_ready", hub.failures[0].split(": ", 2)[-1]) in hub.status.said
        second = await restored_on(hub, 2)
        assert second.lost_at is not None
        assert second.session > first.session
        assert (second.boot, second.is_new_boot) == (first.boot, False)


async def test_a_restarted_pbx_is_a_new_boot() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        await server.stop()
        server.script.startup = ("2026-11-23", "09:30:00")
        await server.start()
        told = await restored_on(hub, 2)
        assert (told.boot, told.is_new_boot) == ("20261123T093000", True)


async def test_without_core_status_the_uptime_tells_the_boot() -> None:
    async with serving(Script(refused={"CoreStatus"})) as server, hub_on(server) as hub:
        first = await restored_on(hub)
        server.session.cut()
        assert (await restored_on(hub, 2)).boot == first.boot
        server.script.uptime = 3
        server.session.cut()
        third = await restored_on(hub, 3)
        assert third.is_new_boot
        assert third.boot != first.boot


async def test_a_pbx_that_answers_only_log_in_and_ping_is_followed_within_a_second() -> None:
    class OnlyLoginAndPing(set[str]):
        def __contains__(self, name: object) -> bool:
            return name not in ("Login", "Ping")

    waits = replace(QUICK, identify=0.8)
    script = Script(silent=OnlyLoginAndPing(), boot_delay=None)
    async with serving(script) as server, hub_on(server, waits) as hub:
        session = await server.logged_in()
        began = time.monotonic()
        session.send(new_call())
        await until(lambda: hub.calls)
        assert time.monotonic() - began < within(1.0)
        assert (await restored_on(hub)).closed_calls == 0


async def test_a_pbx_that_refuses_every_question_is_followed() -> None:
    refused = {"CoreStatus", "CoreSettings", "CoreShowChannels", "Status", "QueueStatus", "ParkedCalls",
               "BridgeList", "Filter"}  # fmt: skip
    async with serving(Script(refused=refused)) as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call())
        await until(lambda: hub.calls)
        server.session.cut()
        await restored_on(hub, 2)
        assert [call.state for call in hub.calls.values()] == ["ringing"]


async def test_no_picture_is_asked_before_the_pbx_has_booted() -> None:
    async with serving(Script(boot_delay=0.15)) as server, hub_on(server) as hub:
        await server.logged_in()
        await asyncio.sleep(0.1)
        assert server.actions("CoreShowChannels") == []
        await restored_on(hub)
        assert len(server.actions("CoreShowChannels")) == 1


async def test_a_boot_that_is_never_told_costs_its_wait_and_no_more() -> None:
    async with serving(Script(boot_delay=None)) as server, hub_on(server) as hub:
        began = time.monotonic()
        await restored_on(hub)
        assert time.monotonic() - began > QUICK.boot


async def test_calls_that_ended_while_the_line_was_away_leave_no_ghost() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call("1.1") + frame("Event: Newchannel", **channel(TRUNK, "1.2")))
        await until(lambda: len(hub.calls) == 2)
        server.script.channels = [channel(TRUNK, "1.2")]
        server.session.reset()
        told = await restored_on(hub, 2)
        assert (told.closed_calls, told.adopted_calls) == (1, 0)
        await until(lambda: sorted(call.state for call in hub.calls.values()) == ["ended", "ringing"])
        ended = next(call for call in hub.calls.values() if call.state == "ended")
        assert (ended.result, ended.ended_at, ended.is_complete) == ("unknown", None, False)


async def test_a_call_born_while_the_picture_is_taken_is_not_closed() -> None:
    script = Script(after_list={"CoreShowChannels": new_call("1.9")})
    async with serving(script) as server, hub_on(server) as hub:
        told = await restored_on(hub)
        await until(lambda: hub.calls)
        assert (told.closed_calls, told.adopted_calls) == (0, 0)
        (call,) = hub.calls.values()
        assert (call.state, call.is_complete) == ("ringing", True)


async def test_a_call_that_ends_while_the_picture_is_taken_is_not_adopted_again() -> None:
    script = Script(channels=[channel(TRUNK, "1.9")], after_list={"CoreShowChannels": hang_up("1.9")})
    async with serving(script) as server, hub_on(server) as hub:
        told = await restored_on(hub)
        server.session.send(new_call("2.1"))
        await until(lambda: any(call.state == "ringing" for call in hub.calls.values()))
        assert told.adopted_calls == 0
        assert [call.state for call in hub.calls.values() if call.call_id.endswith("1.9")] in ([], ["ended"])


async def test_a_picture_that_misses_a_row_closes_nothing() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call())
        await until(lambda: hub.calls)
        server.script.channels = [channel(TRUNK, "1.1")]
        server.script.drop_row_of = "CoreShowChannels"
        server.session.cut()
        told = await restored_on(hub, 2)
        assert told.closed_calls == 0
        assert [call.state for call in hub.calls.values()] == ["ringing"]


async def test_the_reader_goes_on_while_the_database_is_locked() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        hub.intake.is_open.clear()
        for number in range(500):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
        await until(lambda: sum("Newchannel" in text for text in hub.journal.texts) == 500)
        assert hub.calls == {}
        hub.intake.is_open.set()
        await until(lambda: len(hub.calls) == 500)
        assert len(hub.intake.batches) < 100


async def test_an_overflow_is_a_declared_gap_and_a_new_picture() -> None:
    async with serving() as server, hub_on(server, queue_size=100, batch_size=10, facts_ahead=10) as hub:
        await restored_on(hub)
        server.script.channels = [channel(TRUNK, f"1.{number}") for number in range(300)]
        hub.intake.is_open.clear()
        for number in range(300):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
        await until(lambda: sum("Newchannel" in text for text in hub.journal.texts) == 300)
        hub.intake.is_open.set()
        await until(lambda: hub.of(PbxGapDeclared))
        await until(lambda: len(hub.calls) == 300)
        # More than one where the reads of a busy machine come in lumps.
        gaps = [event for event in hub.intake.events if isinstance(event, PbxGapDeclared)]
        statistics = hub.connector.statistics()
        assert sum(gap.dropped for gap in gaps) == statistics["messages_lost"] > 0
        assert len(server.actions("CoreShowChannels")) >= 2


async def test_facts_that_were_being_stored_when_the_line_broke_are_stored_once() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        hub.intake.is_open.clear()
        server.session.send(new_call())
        await asyncio.sleep(0.05)
        server.session.cut()
        await until(lambda: len(hub.failures) >= 1)
        hub.intake.is_open.set()
        await restored_on(hub, 2)
        assert len(hub.of(PbxLinkLost)) >= 1
        ids = [arrival.external_id for batch in hub.intake.batches for arrival in batch]
        assert len(ids) == len(set(ids))
        assert hub.calls


async def test_a_fault_of_the_tracker_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Tracker.feed

    def stumbling(self: Tracker, message: Message, at: datetime) -> list[TrackedFact]:
        if message.get("Uniqueid") == "1.1":
            raise KeyError("a case that nobody thought of")
        return feed(self, message, at)

    monkeypatch.setattr(Tracker, "feed", stumbling)
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call("1.1") + frame("Event: Newchannel", **channel(TRUNK, "1.2")))
        await until(lambda: hub.calls)
        assert hub.connector.statistics()["tracker_faults"] == 1
        assert hub.failures == []


async def test_noise_is_filtered_at_a_new_pbx_and_not_at_an_old_one() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        await until(lambda: any("VarSet" in action["matchcriteria"] for action in server.actions("Filter")))
        criteria = [action["matchcriteria"] for action in server.actions("Filter")]
        assert "action(exclude),name(CEL)" in criteria
        assert not any(name in text for text in criteria for name in ("(Newexten)", "(HangupRequest)"))
    async with serving(Script(version="18.9.0")) as server, hub_on(server) as hub:
        await restored_on(hub)
        assert server.actions("Filter") == []


async def test_an_order_goes_out_once_and_its_outcome_is_told() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        order = actions.originate("PJSIP/101", number="380671112233", context="internal")
        assert isinstance(await hub.connector.order(order), Sent)
        assert len(server.actions("Originate")) == 1


async def test_the_endpoints_are_told_with_those_that_are_outside_lines() -> None:
    script = Script(endpoints=[("101", "Not in use"), ("trunk", "Not in use"), ("kyivstar_1", "Not in use")])
    async with serving(script) as server, hub_on(server) as hub:
        await restored_on(hub)
        hub.connector.set_trunks(("kyiv*",))
        told = {endpoint.name: endpoint.is_trunk for endpoint in await hub.connector.endpoints()}
        assert told == {"101": False, "trunk": False, "kyivstar_1": True}


async def test_stopping_takes_no_longer_than_its_waits_even_in_a_black_hole() -> None:
    async with serving() as server:
        async with hub_on(server) as hub:
            await restored_on(hub)
            hub.intake.is_open.clear()
            server.session.swallow()
            server.session.send(new_call())
            began = time.monotonic()
        assert time.monotonic() - began < within(1.0)


async def test_the_journal_alone_tells_what_the_tracker_saw() -> None:
    async with serving() as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call() + hang_up())
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        texts = [text for text in hub.journal.texts if text != "Pitline: Tick"]
        assert texts[0] == "Pitline: SessionBegun"
        assert texts[-2:] == ["Event: Newchannel", "Event: Hangup"]
        assert "Pitline: Picture" in texts


@pytest.mark.parametrize("pace", [0.0, 40.0])
async def test_a_recorded_stream_over_a_socket_gives_its_call(pace: float) -> None:
    name = "01_queue_answered"
    reads = timing(name) if pace else []
    script = Script(silent={"CoreStatus", "CoreShowChannels"}, boot_delay=None, banner=b"")
    async with serving(script) as server, hub_on(server) as hub:
        session = await server.logged_in()
        await session.replay(recorded(name), reads, pace or 1.0)
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        (call,) = hub.calls.values()
        assert (call.direction, call.result, call.answered_by) == ("inbound", "answered", "101")
