"""Bytes that no PBX should send: names cut by TCP, broken frames, huge ones, chance."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.ami.filters import JOURNALLED, filter_actions
from connectors.ami.protocol import Framer
from connectors.ami.tracker import Tracker, TrackerSettings
from hub.events.calls import PbxLinkRestored
from tests.connectors.ami.ami_server import BANNER, Session, channel, frame, recorded, serving
from tests.connectors.ami.hub_side import QUICK, hub_on, until
from tests.faults.figures import Fault

TRUNK = "PJSIP/trunk-00000001"
NAMES = (
    "Ковальчук Олена",
    "Їжак-Ґудзь",
    "Łukasz Żółć",
    "李小龍",
    "👩🏽‍🔧 Сервіс",
    "e\u0301\u202eabc",
    "\U0010ffff",
)
GOOD = frame("Event: Newchannel", **channel(TRUNK, "9.9"))


def _framer() -> Framer:
    made = Framer(Tracker.WANTED)
    made.feed(BANNER)
    return made


@pytest.mark.fault("F11")
def test_a_name_split_at_any_byte_is_the_name(fault: Fault) -> None:
    for name in NAMES:
        data = frame("Event: Newchannel", **channel(TRUNK, "1.1", CallerIDName=name))
        for at in range(1, len(data)):
            made = _framer()
            found = [*made.feed(data[:at]), *made.feed(data[at:])]
            fault.check(f"{name} cut at {at}", [one.get("CallerIDName") for one in found] == [name])


@pytest.mark.fault("F11")
async def test_a_name_split_on_the_wire_stands_in_the_call(fault: Fault) -> None:
    filters = len(filter_actions(Tracker.WANTED | JOURNALLED))
    # Nothing else is written meanwhile, which would come between the two parts.
    waits = replace(QUICK, ping_interval=30.0)
    async with serving() as server, hub_on(server, waits) as hub:
        await until(lambda: len(server.actions("Filter")) == filters and hub.of(PbxLinkRestored))
        for number, dice in enumerate(fault.runs(full=60, sample=7)):
            name = NAMES[number % len(NAMES)]
            born = channel(TRUNK, f"1.{number}", CallerIDName=name, CallerIDNum=f"38050{number:07}")
            data = frame("Event: Newchannel", **born)
            start = data.index(name.encode())
            await server.session.split(data, start + dice.randrange(1, len(name.encode())))
            await until(lambda so_far=number: len(hub.calls) > so_far)
            told = {call.from_number: call.caller_name for call in hub.calls.values()}
            fault.check(name, told[f"+38050{number:07}"] == name)


def _crafted() -> list[bytes]:
    """Two hundred frames, each wrong in its own way."""
    event = b"Event: Newchannel\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 5.5"
    ends = [
        b"\r\n\n",
        b"\n\n",
        b"\r\n\r\n\r\n",
        b"\n\r\n",
        b"\r\r\n\r\n",
        b"\n\n\n\n",
        b"\r\n \r\n\r\n",
        b"\0\r\n\r\n",
    ]
    starts = [
        b"", b"\r\n", b"\n", b"\0", b":", b"Event", b"Event:", b"Event: ", b"Event:\t", b"event: hangup",
        b"EVENT: NEWCHANNEL", b"Event: \xff\xfe", b"Event: " + b"x" * 5000, b"Response", b"Response: ",
        b"Response: Success", b"Response: Error\r\nActionID: nobody", b"--END COMMAND--",
        b"Event: Newchannel", b"Event: Newchannel\r\n: no key", b"Event: Newchannel\r\nno colon",
        b"Event: Newchannel\r\nUniqueid:", b"Event: Hangup\r\nUniqueid: \0",
        event.replace(b"PJSIP/trunk-1", b""), event.replace(b"Newchannel", b"Hangup") + b"\r\nCause: x",
        event.replace(b"Newchannel", b"BridgeEnter"), event.replace(b"Newchannel", b"ParkedCall"),
        event.replace(b"Newchannel", b"DialEnd") + b"\r\nDestUniqueid: \r\nDialStatus: ",
    ]  # fmt: skip
    more = [
        b"Uniqueid: 6.6", b"ChannelState: \xd9\xa3", b"ChannelState: " + b"9" * 20, b"Timestamp: nan",
        b"Timestamp: 1e400", b"Timestamp: -1", b"Linkedid: ", b"", b"CallerIDName: \xd0",
        b"CallerIDNum: " + b"9" * 900, b"Exten: \xe2\x80\xa8", b"Privilege", b"Channel: ",
    ]  # fmt: skip
    heads = [*starts, *(event + b"\r\n" + one for one in more)]
    return [head + ends[number % len(ends)] for number, head in enumerate(heads * 6)][:200]


@pytest.mark.fault("F12")
def test_the_next_good_event_after_a_broken_frame_is_handled(fault: Fault) -> None:
    crafted = _crafted()
    assert len(crafted) == 200
    for number, data in enumerate(crafted):
        made, tracker, at = _framer(), Tracker(TrackerSettings()), datetime(2026, 1, 5, tzinfo=UTC)
        with fault.run(f"frame {number}"):
            for message in made.feed(data + b"\r\n\r\n"):
                tracker.feed(message, at)
            found = [message for message in made.feed(GOOD) if message.get("Uniqueid") == "9.9"]
            assert len(found) == 1
            assert tracker.feed(found[0], at + timedelta(seconds=1))


@pytest.mark.fault("F13")
@pytest.mark.parametrize("huge", ["one line", "many lines"])
async def test_a_huge_frame_costs_no_memory_and_not_the_line(fault: Fault, huge: str) -> None:
    line = b"Event: Newchannel\r\nCallerIDName: " + b"x" * 1_200_000
    data = line if huge == "one line" else b"Event: Newchannel\r\n" + b"X: y\r\n" * 12_000
    async with serving() as server, hub_on(server) as hub:
        await until(lambda: hub.connector.link().is_up)
        await _send(server.session, data + b"\r\n\r\n")
        await until(lambda: hub.connector.statistics()["messages_oversize"] == 1)
        tracemalloc.start()
        for number, _ in enumerate(fault.runs(full=50, sample=3), 1):
            await _send(server.session, data + b"\r\n\r\n")
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
            await until(lambda so_far=number: len(hub.calls) == so_far)
            fault.check(f"round {number}", hub.failures == [])
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()
        fault.measure("memory kept", round(grown, 1), 5.0, " MB")
        assert hub.connector.statistics()["messages_oversize"] == number + 1


async def _send(session: Session, data: bytes) -> None:
    session.send(data)
    await session.writer.drain()


@pytest.mark.fault("F14")
def test_mutated_frames_neither_raise_nor_stall(fault: Fault) -> None:
    """A mutated stream through framing and tracker; each thousand frames one good call must come out."""
    rounds = fault.count(full=1_000, sample=8)
    streams = [recorded(name)[:200_000] for name in ("03_missed_to_voicemail", "08_blind_transfer_sip_refer")]
    dice = fault.random("mutations")
    made, tracker, slowest = _framer(), Tracker(TrackerSettings()), 0.0
    at = datetime(2026, 1, 5, tzinfo=UTC)
    for number in range(rounds):
        began = time.thread_time()
        for _ in range(1_000):
            at += timedelta(milliseconds=3)
            for message in made.feed(_mutated(dice.choice(streams), dice)):
                tracker.feed(message, at)
        tracker.expire(at)
        good = frame("Event: Newchannel", **channel(TRUNK, f"good-{number}.1"))
        facts = [fact for m in made.feed(b"\r\n\r\n\r\n\r\n" + good) for fact in tracker.feed(m, at)]
        slowest = max(slowest, time.thread_time() - began)
        fault.check(f"round {number} of a thousand frames", len(facts) == 1)
    fault.measure("slowest thousand frames", round(slowest, 2), 1.0, " s")


def _mutated(data: bytes, dice: random.Random) -> bytes:
    begin = dice.randrange(len(data) - 700)
    piece = bytearray(data[begin : begin + dice.randint(50, 700)])
    for _ in range(dice.randint(0, 5)):
        piece[dice.randrange(len(piece))] = dice.choice(b"\r\n:\0\xff E5")
    return bytes(piece) + dice.choice((b"\r\n\r\n", b"\r\n\n", b"\r\n", b""))
