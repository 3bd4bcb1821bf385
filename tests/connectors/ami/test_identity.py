"""Which life of the PBX a log-in has reached, and what its version can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.ami.identity import Boot, Pbx, recognise
from connectors.ami.message import Message

AT = datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC)


def status(time: str) -> Message:
    return Message.of("x", CoreStartupDate="2026-11-23", CoreStartupTime=time)


def boot(core: Message | None, uptime: float | None, known: Boot | None = None, later: float = 0) -> Boot:
    return recognise(core, uptime, AT + timedelta(seconds=later), known, 5.0)


def test_the_start_time_that_the_pbx_tells_is_the_boot() -> None:
    assert boot(status("08:00:00"), None).id == "20261123T080000"


def test_the_same_start_time_is_the_same_boot_whatever_the_uptime_says() -> None:
    first = boot(status("08:00:00"), 100)
    assert boot(status("08:00:00"), 5, first, 60) is first


def test_another_start_time_is_another_boot() -> None:
    first = boot(status("08:00:00"), None)
    assert boot(status("08:00:09"), None, first).id == "20261123T080009"


def test_an_uptime_that_grows_with_the_clock_is_the_same_boot() -> None:
    first = boot(None, 100)
    assert boot(None, 163, first, 60) is first


def test_an_uptime_that_fell_is_another_boot() -> None:
    first = boot(None, 100)
    again = boot(None, 3, first, 60)
    assert again.id != first.id


def test_a_right_that_is_taken_away_does_not_make_a_new_boot() -> None:
    first = boot(status("08:00:00"), 100)
    assert boot(None, 160, first, 60) is first
    assert boot(None, None, first, 60) is first


def test_two_boots_within_a_minute_have_two_names() -> None:
    first = boot(None, 20)
    second = boot(None, 3, first, 0)
    assert (first.id, second.id) == ("up20261123T0900", "up20261123T0900b")


def test_garbage_for_a_start_time_is_no_start_time() -> None:
    core = Message.of("x", CoreStartupDate="yesterday", CoreStartupTime="08:00:00")
    assert not boot(core, None).is_exact


@pytest.mark.parametrize(
    ("version", "number", "has_filters"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6", (22, 10), True),
        ("Asterisk 20.9.3", (20, 9), False),
        ("Asterisk 20.10.0", (20, 10), True),
        ("Asterisk 21.5.0", (21, 5), True),
        ("Asterisk 18.25.0", (18, 25), True),
        ("Asterisk 18.9-cert8", (18, 9), False),
        ("Asterisk 20.12-cert1", (20, 12), False),
        ("Asterisk 16.30.0", (16, 30), False),
        ("Asterisk Call Manager/11.0.0", (11, 0), False),
        ("Asterisk GIT-master-abcdef", (0, 0), False),
        ("", (0, 0), False),
    ],
)
def test_filters_are_for_versions_that_know_them(
    version: str, number: tuple[int, int], has_filters: bool
) -> None:
    assert (Pbx(version).number, Pbx(version).has_structured_filters) == (number, has_filters)
