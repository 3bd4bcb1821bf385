"""Framing: any bytes in any pieces, and the next good message is read."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ami.message import Message, decode
from connectors.ami.protocol import Framer
from tests.connectors.ami.ami_server import BANNER, recorded

WANTED = frozenset({"Newchannel", "Hangup", "BridgeEnter", "VarSet", "UserEvent"})
GOOD = b"Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n"


def framer(**limits: int) -> Framer:
    made = Framer(WANTED, **limits)
    made.feed(BANNER)
    return made


def told(messages: list[Message]) -> list[tuple[str, str, dict[str, list[str]]]]:
    return [(message.kind, message.name, message.headers()) for message in messages]


def names(messages: list[Message]) -> list[str]:
    return [message.name for message in messages]


def test_the_banner_is_no_header_of_the_first_message() -> None:
    made = Framer(WANTED)
    (response,) = made.feed(BANNER + b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n")
    assert made.banner == "Asterisk Call Manager/11.0.0"
    assert response.headers() == {"response": ["Success"], "message": ["Authentication accepted"]}


def test_a_pbx_without_a_banner_loses_no_message() -> None:
    assert names(Framer(WANTED).feed(GOOD)) == ["Hangup"]


def test_a_frame_that_begins_with_a_line_break_is_read_and_counted() -> None:
    made = framer()
    assert names(made.feed(b"\r\n" + GOOD)) == ["Hangup"]
    assert made.repaired == 1


@pytest.mark.parametrize("ending", [b"\r\n\r\n", b"\r\n\n", b"\n\n", b"\r\n\r\n\r\n", b"\n\n\n"])
def test_messages_are_told_apart_whatever_blank_line_ends_them(ending: bytes) -> None:
    made = framer()
    event = b"Event: Hangup\r\nUniqueid: 1.1" + ending
    found = made.feed(event + event + GOOD)
    assert [message.get("Uniqueid") for message in found] == ["1.1", "1.1", "1.1"]


@pytest.mark.parametrize("ending", [b"\r\n\n", b"\n\n", b"\r\n\r\n\r\n"])
def test_every_mended_ending_is_counted(ending: bytes) -> None:
    made = framer()
    made.feed((b"Event: Hangup\r\nUniqueid: 1.1" + ending) * 3 + GOOD)
    assert made.repaired == 3


def test_lines_ended_by_bare_line_feeds_are_headers() -> None:
    (event,) = framer().feed(b"Event: Hangup\nUniqueid: 1.1\nCause: 16\n\n")
    assert (event.get("Uniqueid"), event.get("Cause")) == ("1.1", "16")


def test_a_value_that_ends_in_a_raw_line_feed_does_not_end_its_message() -> None:
    made = framer()
    found = made.feed(b"Response: Error\r\nMessage: No Contacts found\n\r\nActionID: x\r\n\r\n" + GOOD)
    assert [message.kind for message in found] == ["response", "event"]
    assert (found[0].get("Message"), found[0].get("ActionID")) == ("No Contacts found", "x")


def test_an_originate_response_is_an_event_although_it_carries_a_response_header() -> None:
    (event,) = framer().feed(
        b"Event: OriginateResponse\r\nActionID: x\r\nResponse: Failure\r\nReason: 3\r\n\r\n"
    )
    assert (event.kind, event.name, event.get("Response")) == ("event", "OriginateResponse", "Failure")


def test_repeated_headers_are_all_kept_in_order() -> None:
    (event,) = framer().feed(b"Response: Success\r\nOutput: one\r\nOutput: \r\nOutput: two: three\r\n\r\n")
    assert event.all("output") == ["one", "", "two: three"]
    assert event.get("Output") == "one"


def test_a_line_without_a_colon_costs_that_line_alone() -> None:
    (event,) = framer().feed(b"Event: Hangup\r\nnonsense\r\nUniqueid: 1.1\r\n\r\n")
    assert event.headers() == {"event": ["Hangup"], "uniqueid": ["1.1"]}


def test_nul_in_a_name_reaches_nobody_as_nul() -> None:
    (event,) = framer().feed(b"Event: Hangup\r\nCallerIDName: a\0b\r\n\r\n")
    assert event.get("CallerIDName") == "a\ufffdb"
    assert b"a\0b" in event.raw


def test_a_name_in_another_encoding_does_not_spoil_its_neighbours() -> None:
    raw = b"Event: Hangup\r\nCallerIDName: " + "Иван".encode("cp1251") + b"\r\nExten: "
    (event,) = framer().feed(raw + "Олена".encode() + b"\r\n\r\n")
    assert (event.get("CallerIDName"), event.get("Exten")) == ("Иван", "Олена")


def test_line_separators_of_unicode_are_text() -> None:
    (event,) = framer().feed("Event: Hangup\r\nCallerIDName: a\u2028b\u0085c\r\n\r\n".encode())
    assert event.get("CallerIDName") == "a\u2028b\u0085c"


def test_bytes_of_no_encoding_are_kept_readable() -> None:
    assert decode(b"\xff\x98") == "я\\x98"


def test_an_unwanted_event_is_counted_and_not_kept() -> None:
    made = framer()
    assert names(made.feed(b"Event: RTCPSent\r\nUniqueid: 1\r\n\r\n" * 3 + GOOD)) == ["Hangup"]
    assert (made.read, made.kept) == (4, 1)
    assert made.names_seen == {"RTCPSent", "Hangup"}


def test_only_the_variable_that_names_a_recording_is_kept() -> None:
    made = framer()
    other = b"Event: VarSet\r\nUniqueid: 1\r\nVariable: DIALSTATUS\r\nValue: MIXMONITOR\r\n\r\n"
    file = b"Event: VarSet\r\nUniqueid: 1\r\nVariable: MIXMONITOR_FILENAME\r\nValue: /a.wav\r\n\r\n"
    assert [event.get("Value") for event in made.feed(file + other + file + other)] == ["/a.wav"] * 2


def test_rows_of_an_awaited_list_are_kept_whatever_their_name() -> None:
    made = framer()
    row = b"Event: EndpointList\r\nActionID: pl1-7\r\nObjectName: 101\r\n\r\n"
    assert made.feed(row) == []
    made.watch = b"\nActionID: pl1-"
    assert names(made.feed(row * 2)) == ["EndpointList", "EndpointList"]
    made.watch = None
    assert made.feed(row) == []


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\r\n\r\n", b"\0\0\0\r\n\r\n", b"Event:\r\n\r\n", b": \r\n\r\n", b"Event: \r\n\r\n",
        b"Event: Hang up!\r\nA: b\r\n\r\n", b"nothing\r\n\r\n", b"\xff\xfe\r\n\r\n", b"Event Hangup\r\n\r\n",
        b"Hangup: Event\r\n\r\n", b"\n\n\n\n\n", b"Event: " + b"x" * 100 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_the_next_good_message_after_rubbish_is_read(rubbish: bytes) -> None:
    assert names(framer().feed(rubbish + GOOD)) == ["Hangup"]


@pytest.mark.parametrize("size", [1, 7, 1000, 70_000])
def test_a_message_over_the_limit_is_dropped_once_and_the_next_is_read(size: int) -> None:
    sizes: list[int] = []
    made = Framer(WANTED, max_bytes=100_000, on_oversize=sizes.append)
    made.feed(BANNER)
    data = b"Event: Hangup\r\nUniqueid: " + b"9" * 200_000 + b"\r\n\r\n" + GOOD
    found = [message for at in range(0, len(data), size) for message in made.feed(data[at : at + size])]
    assert [message.get("Cause") for message in found] == ["16"]
    assert made.oversize == len(sizes) == 1


def test_ten_thousand_headers_are_dropped_and_the_next_is_read() -> None:
    made = framer()
    found = made.feed(b"Event: Hangup\r\n" + b"A: b\r\n" * 10_001 + b"\r\n" + GOOD)
    assert [message.get("Cause") for message in found] == ["16"]
    assert made.oversize == 1


def test_an_endless_header_does_not_eat_the_memory() -> None:
    made = framer()
    tracemalloc.start()
    for _ in range(400):
        made.feed(b"x" * 50_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert made.oversize == 1
    assert names(made.feed(b"\r\n\r\n" + GOOD)) == ["Hangup"]


def test_a_large_message_under_the_limit_survives_any_cut_of_its_end() -> None:
    data = b"Event: Hangup\r\nUniqueid: " + b"9" * 40_000 + b"\r\n\r\n" + GOOD
    for back in range(len(GOOD) - 2, len(GOOD) + 8):
        made = framer()
        cut = len(data) - back
        found = made.feed(data[:30_000]) + made.feed(data[30_000:cut])
        for byte in range(cut, len(data)):
            found += made.feed(data[byte : byte + 1])
        assert [len(message.get("Uniqueid")) for message in found] == [40_000, 3]


def test_every_cut_of_a_cyrillic_name_gives_the_name() -> None:
    data = "Event: Hangup\r\nCallerIDName: Іван Петренко 🚗\r\n\r\n".encode()
    for cut in range(len(data)):
        made = framer()
        found = made.feed(data[:cut]) + made.feed(data[cut:])
        assert [message.get("CallerIDName") for message in found] == ["Іван Петренко 🚗"]


@pytest.mark.parametrize("name", ["01_queue_answered", "12_originate_click_to_call", "17_snapshot_actions"])
def test_a_recorded_stream_reads_the_same_in_any_pieces(name: str) -> None:
    data = recorded(name)
    whole = told(Framer(WANTED).feed(data))
    assert len(whole) > 10
    dice = random.Random(17)
    for largest in (3, 50, 5_000):
        made = Framer(WANTED)
        found: list[Message] = []
        at = 0
        while at < len(data):
            size = dice.randint(1, largest)
            found += made.feed(data[at : at + size])
            at += size
        assert told(found) == whole


def test_the_loaded_stream_loses_no_event_to_frames_that_begin_with_a_line_break() -> None:
    made = Framer(WANTED)
    found = made.feed(recorded("18_load_200_calls_20cps"))
    counts = {name: names(found).count(name) for name in ("Hangup", "Newchannel", "BridgeEnter", "VarSet")}
    assert counts == {"Hangup": 725, "Newchannel": 725, "BridgeEnter": 700, "VarSet": 200}
    assert (made.repaired, made.unreadable, made.read) == (200, 0, 33_692)


@given(st.lists(st.binary(max_size=200), max_size=20))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise_and_the_line_lives_on(pieces: list[bytes]) -> None:
    made = framer()
    for piece in pieces:
        made.feed(piece)
    made.feed(b"\r\n\r\n\n\n")
    assert names(made.feed(GOOD)) == ["Hangup"]


@given(
    st.lists(
        st.sampled_from([b"Event: Hangup", b"\r\n", b"\n", b": ", b"A", b"\r", b"\0", GOOD]), max_size=40
    )
)
@settings(max_examples=150, deadline=None)
def test_pieces_give_what_the_whole_gives(parts: list[bytes]) -> None:
    data = b"".join(parts)
    in_one, in_bytes = framer(), framer()
    whole = in_one.feed(data)
    dribbled = [message for at in range(len(data)) for message in in_bytes.feed(data[at : at + 1])]
    assert told(whole) == told(dribbled)
