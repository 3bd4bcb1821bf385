"""Plays a script in no time: a frozen clock is moved from row to row, every message is kept."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import Headers
from connectors.practice_pbx.script import Script
from hub.clock import FrozenClock

MORNING = datetime(2026, 11, 23, 7, 2, 10, tzinfo=UTC)
STREAMS = Path(__file__).parents[2] / "streams"


def new_exchange(clock: FrozenClock) -> Exchange:
    """An exchange of the demo shop with its chance fixed."""
    return Exchange(shop_cast(), clock, random.Random(1))


def perform(script: Script) -> list[Headers]:
    """Every message of one script, in order."""
    clock = FrozenClock(MORNING)
    exchange = new_exchange(clock)
    messages: list[Headers] = []
    exchange.listen(lambda name, privilege, message: messages.append(message))
    caller = exchange.cast.callers.get(script.caller)
    call = Conversation(exchange, caller.number if caller else "", caller.name if caller else "")
    before = 0.0
    for row in script.rows:
        clock.advance(row.at - before)
        before = row.at
        row.verb(call, row.who, row.what)
    assert not exchange.channels, "a script must not leave anybody on the line"
    assert not exchange.waiting
    assert not exchange.lot.parked
    return messages


def recorded_shapes() -> dict[str, set[tuple[str, ...]]]:
    """The header names of every event that a real Asterisk 22 was recorded to send, in order."""
    shapes: dict[str, set[tuple[str, ...]]] = {}
    for path in (*sorted(STREAMS.glob("*.ami.gz")), Path(__file__).parent / "park.ami.gz"):
        if "load" in path.name:
            continue
        for frame in gzip.decompress(path.read_bytes()).split(b"\r\n\r\n"):
            lines = [line for line in frame.decode(errors="replace").split("\r\n") if line]
            if lines and lines[0].startswith("Event: "):
                shape = tuple(line.partition(":")[0] for line in lines)
                shapes.setdefault(lines[0].removeprefix("Event: "), set()).add(shape)
    return shapes
