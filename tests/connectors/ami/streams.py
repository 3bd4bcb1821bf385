"""Recorded streams and how the tracker is played over them, for the tracker's tests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.ami.message import Message
from connectors.ami.protocol import Framer
from connectors.ami.tracker import PbxSnapshot, TrackedFact, Tracker, TrackerSettings
from hub.events.calls import CallMerged, CallSnapshot
from hub.events.recordings import RecordingNamed

STREAMS = Path(__file__).resolve().parents[2] / "streams"
RECORDED = Path(__file__).resolve().parent / "recorded"
TRUNKS = ("trunk*", "kyivstar_1", "sip044")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

_ROWS = ("CoreShowChannel", "Status", "QueueEntry", "QueueMember", "ParkedCall")


@dataclass(slots=True)
class Played:
    """What the tracker said of a stream."""

    tracker: Tracker
    facts: list[TrackedFact] = field(default_factory=list)
    at: datetime = LONG_AGO

    def calls(self) -> list[CallSnapshot]:
        """Each call as it stood in the end; calls that became a part of another one are left out."""
        last: dict[str, CallSnapshot] = {}
        for fact in self.facts:
            if isinstance(fact.event, CallMerged):
                last.pop(fact.event.call_id, None)
            elif not isinstance(fact.event, RecordingNamed):
                last[fact.event.call.call_id] = fact.event.call
        return list(last.values())


def read_messages(path: Path, *, chunk: int = 0) -> list[Message]:
    """The messages of a recorded stream that the tracker or a snapshot wants."""
    data = gzip.decompress(path.read_bytes())
    framer = Framer(Tracker.WANTED | set(_ROWS) | {"BridgeListComplete"})
    chunks: Iterable[bytes] = [data]
    if chunk:
        chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return [message for part in chunks for message in framer.feed(part)]


def play(
    messages: Iterable[Message],
    *,
    times: int = 1,
    played: Played | None = None,
    trunks: Sequence[str] = TRUNKS,
    boot: str = "boot",
) -> Played:
    """Feed the messages, each so many times, and let some seconds pass after the last."""
    if played is None:
        played = Played(Tracker(TrackerSettings(trunks=tuple(trunks))))
        played.tracker.session_started(boot, 1, played.at)
    for message in messages:
        played.at = arrival_of(message, played.at)
        for _ in range(times):
            played.facts += played.tracker.feed(message, played.at)
    played.facts += played.tracker.expire(played.at + timedelta(seconds=15))
    return played


def read_arrivals(path: Path) -> list[tuple[datetime, Message]]:
    """The messages of a session with the times at which their bytes were read."""
    data = gzip.decompress(path.read_bytes())
    index = gzip.decompress(path.with_name(path.name.replace(".ami.gz", ".idx.gz")).read_bytes()).decode()
    framer = Framer(Tracker.WANTED | set(_ROWS) | {"BridgeListComplete"})
    arrived = []
    for line in index.splitlines():
        moment, offset, size = line.split()
        at = datetime.fromtimestamp(float(moment), UTC)
        part = data[int(offset) : int(offset) + int(size)]
        arrived += [(at, message) for message in framer.feed(part)]
    return arrived


def play_sessions(sessions: Sequence[Sequence[tuple[datetime, Message]]], boots: Sequence[str]) -> Played:
    """Sessions one after another, the line cut between them; each begins with a snapshot."""
    played = Played(Tracker(TrackerSettings(trunks=TRUNKS)))
    for number, (messages, boot) in enumerate(zip(sessions, boots, strict=True), 1):
        if number > 1:
            played.facts += played.tracker.link_lost(played.at)
        played.tracker.session_started(boot, number, played.at)
        rows: dict[str, list[Message]] = {name: [] for name in _ROWS}
        for at, message in messages:
            played.at = at
            if message.name in rows:
                rows[message.name].append(message)
            elif message.name == "BridgeListComplete":
                played.facts += played.tracker.reconcile(_snapshot(rows), played.at).facts
            else:
                played.facts += played.tracker.feed(message, played.at)
    played.facts += played.tracker.expire(played.at + timedelta(seconds=15))
    return played


def _snapshot(rows: Mapping[str, list[Message]]) -> PbxSnapshot:
    return PbxSnapshot(
        channels=tuple(rows["CoreShowChannel"]),
        status=tuple(rows["Status"]),
        queues=(*rows["QueueEntry"], *rows["QueueMember"]),
        parked=tuple(rows["ParkedCall"]),
    )


def arrival_of(message: Message, last: datetime) -> datetime:
    """Each message arrives when the PBX says that it happened, never before the one before it."""
    stamp = message.get("Timestamp")
    return max(last, datetime.fromtimestamp(float(stamp), UTC)) if stamp else last


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a recorded stream: its sessions, how many calls it has, and what they are."""

    name: str
    sessions: tuple[Path, ...]
    calls_in_all: int | None
    expected: tuple[Mapping[str, Any], ...]

    def __str__(self) -> str:
        return self.name


def examples() -> list[Truth]:
    """The streams that came with their truth."""
    rows = json.loads((STREAMS / "expected.json").read_text())
    return [Truth(row["name"], (STREAMS / f"{row['name']}.ami.gz",), 1, (row,)) for row in rows]


def recordings() -> list[Truth]:
    """The streams of our own, played by phones on a real Asterisk (tests/asterisk)."""
    truths = []
    for path in sorted(RECORDED.glob("*.json")):
        row = json.loads(path.read_text())
        sessions = tuple(RECORDED / f"{name}.ami.gz" for name in row["sessions"])
        truths.append(Truth(path.stem, sessions, row["calls_in_all"], tuple(row["expect"])))
    return truths


def differences(expected: Mapping[str, Any], call: CallSnapshot) -> Iterator[str]:
    """Where a call is not what was expected: pairs of numbers are ranges, lists are choices."""
    for name, wanted in expected.items():
        if name == "line":
            continue  # the line's name is known to the hub, not to the PBX
        if name == "parties":
            found = {party.extension or party.number: party.outcome for party in call.parties}
            if call.direction != "inbound":
                found = {key: value for key, value in found.items() if key in wanted}
            if set(found) != set(wanted) or any(found[key] not in wanted[key] for key in wanted):
                yield f"parties are {found}, not {wanted}"
        elif name == "transfers":
            found_transfers = [[one.kind, one.from_extension, one.to] for one in call.transfers]
            if found_transfers != wanted:
                yield f"transfers are {found_transfers}, not {wanted}"
        elif not _is_as_wanted(getattr(call, name), wanted):
            yield f"{name} is {getattr(call, name)!r}, not {wanted!r}"


def _is_as_wanted(found: object, wanted: object) -> bool:
    if isinstance(wanted, list) and len(wanted) == 2 and all(isinstance(one, int | float) for one in wanted):
        return isinstance(found, int | float) and wanted[0] <= found <= wanted[1]
    return found in wanted if isinstance(wanted, list) else found == wanted


def faults(truth: Truth, played: Played) -> list[str]:
    """Everything that is wrong about what was said of a stream."""
    calls = played.calls()
    found = []
    if truth.calls_in_all is not None and len(calls) != truth.calls_in_all:
        found.append(f"{len(calls)} calls, not {truth.calls_in_all}")
    for row in truth.expected:
        match = row["match"].items()
        matching = [call for call in calls if all(getattr(call, name) == value for name, value in match)]
        if len(matching) != 1:
            found.append(f"{len(matching)} calls match {row['match']}")
            continue
        found += differences(row["call"], matching[0])
    if played.tracker.living:
        found.append(f"{played.tracker.living} conversations live on")
    return found
