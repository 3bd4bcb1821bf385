"""The journal, read again by the tracker: history is a pure function of it.

A mended rule can be tried on last month's calls. The lines of our own (`Pitline: …`) stand where the
consumer met them, so the tracker sees the same order as on the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from connectors.ami.message import Message, decode
from connectors.ami.tracker import PbxSnapshot, TrackedFact, Tracker

_TICK = timedelta(seconds=1)
_LISTS = {
    "CoreShowChannel": "channels",
    "Status": "status",
    "QueueParams": "queues",
    "QueueMember": "queues",
    "QueueEntry": "queues",
    "ParkedCall": "parked",
    "BridgeListItem": "bridges",
}


def replay(records: Iterable[tuple[datetime, int, bytes]], tracker: Tracker) -> Iterator[TrackedFact]:
    """The facts that a tracker makes of journal records (arrival, session, raw message) of one PBX."""
    ticked: datetime | None = None
    for at, session, raw in records:
        # What waited for a word that never came is settled in between, as by the consumer's clock.
        while tracker.living and ticked is not None and at - ticked > _TICK:
            ticked += _TICK
            yield from tracker.expire(ticked)
        ticked = at
        key, value = _first_header(raw)
        if key == "pitline":
            yield from _own(value, session, raw, at, tracker)
        elif key == "event" and value in Tracker.WANTED:
            yield from tracker.feed(Message("event", value, raw), at)


def _own(what: str, session: int, raw: bytes, at: datetime, tracker: Tracker) -> list[TrackedFact]:
    line = Message("other", what, raw.partition(b"\r\n\r\n")[0])
    if what == "SessionBegun":
        tracker.session_started(line.get("Boot"), session, at)
    elif what == "LinkLost":
        return tracker.link_lost(at)
    elif what == "Gap":
        return tracker.gap(at)
    elif what == "Picture":
        return tracker.reconcile(_picture(raw), at).facts
    return []


def _picture(raw: bytes) -> PbxSnapshot:
    rows: dict[str, list[Message]] = {name: [] for name in _LISTS.values()}
    for part in raw.split(b"\r\n\r\n")[1:]:
        _, name = _first_header(part)
        if name in _LISTS:
            rows[_LISTS[name]].append(Message("event", name, part))
    return PbxSnapshot(**{name: tuple(messages) for name, messages in rows.items()})


def _first_header(raw: bytes) -> tuple[str, str]:
    name, _, value = raw.partition(b"\n")[0].partition(b":")
    return decode(name).strip().lower(), decode(value).strip()
