"""How many channels live on an outside line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.ami.message import Message
from connectors.ami.tracker.endpoints import Endpoints
from connectors.ami.trunks import Trunks
from hub.events.lines import TrunksUsed


def trunks() -> Trunks:
    return Trunks("ami", Endpoints(("trunk*",), ()))


def born(uniqueid: str, name: str = "trunk-kyivstar") -> Message:
    return Message.of("Newchannel", Uniqueid=uniqueid, Channel=f"PJSIP/{name}-0000000{uniqueid[-1]}")


def gone(uniqueid: str) -> Message:
    return Message.of("Hangup", Uniqueid=uniqueid, Channel=f"PJSIP/any-0000000{uniqueid[-1]}")


def uses(fact: TrunksUsed | None) -> dict[str, int]:
    return {} if fact is None else {one.endpoint: one.channels for one in fact.trunks}


def test_phones_and_local_channels_are_no_outside_line() -> None:
    follower = trunks()
    for name in ("101", "Local"):
        follower.feed(born("1.1", name))
    follower.feed(Message.of("Newchannel", Uniqueid="1.2", Channel="Local/101@from-queue-00000001;1"))
    assert follower.news() is None


def test_a_channel_counts_once_and_not_after_its_end_however_often_either_is_told() -> None:
    follower = trunks()
    for message in (born("1.1"), born("1.1"), born("1.2"), gone("1.1"), gone("1.1"), gone("9.9")):
        follower.feed(message)
    assert uses(follower.news()) == {"trunk-kyivstar": 1}
    assert follower.news() is None


def test_the_pbx_s_list_decides_after_a_gap() -> None:
    follower = trunks()
    follower.feed(born("1.1"))
    rows = [Message.of("CoreShowChannel", Uniqueid="1.2", Channel="PJSIP/trunk-vodafone-00000002")]
    whole = follower.picture(rows)
    assert (whole.is_whole, uses(whole)) == (True, {"trunk-vodafone": 1})
    follower.feed(gone("1.1"))
    assert follower.news() is None
    follower.feed(gone("1.2"))
    assert uses(follower.news()) == {"trunk-vodafone": 0}


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=40), st.sets(st.integers(0, 40)))
def test_the_newest_fact_says_how_many_live(steps: list[tuple[int, bool]], told_after: set[int]) -> None:
    follower, living, known = trunks(), set(), {}
    for place, (number, is_born) in enumerate(steps):
        follower.feed(born(f"1.{number}") if is_born else gone(f"1.{number}"))
        (living.add if is_born else living.discard)(number)
        if place in told_after:
            known |= uses(follower.news())
    known |= uses(follower.news())
    assert known.get("trunk-kyivstar", 0) == len(living)
