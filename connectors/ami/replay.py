"""The journal, read again by the tracker: history is a pure function of it.

A mended rule can be tried on last month's calls. The lines of our own (`Pitline: …`) stand where the
consumer met them, so the tracker sees the same order as on the day. A process that was started anew
began with a new tracker and took up what was stored as living, and so does its part of the replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.ami.consumer import TRACKER_FAULTS, as_arrivals
from connectors.ami.identity import boot_named, names_of
from connectors.ami.inbox import SOURCE, Gap, marker
from connectors.ami.message import Message, decode
from connectors.ami.tracker import PbxSnapshot, Tracker, TrackerSettings
from hub.events.calls import CallFact, CallMerged, PbxLinkRestored
from hub.log import get_logger
from hub.ports.intake import Arrival
from hub.ports.replay import RawRecord
from hub.ports.telephony import StoredCall

_TICK = timedelta(seconds=1)
_PATIENCE = timedelta(seconds=60)
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_LISTS = {
    "CoreShowChannel": "channels",
    "Status": "status",
    "QueueParams": "queues",
    "QueueMember": "queues",
    "QueueEntry": "queues",
    "ParkedCall": "parked",
    "BridgeListItem": "bridges",
}


class AmiReplay:
    """Implements ports.replay.Replay for the AMI connector's journal."""

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self.faults = 0

    @property
    def source(self) -> str:
        return SOURCE

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Which endpoints are outside lines."""
        self._settings = replace(self._settings, trunks=tuple(patterns))

    def begins(self, raw: bytes) -> bool | None:
        """Whether a record begins a log-in, and whether that was the first one of its process."""
        if _first_header(raw) != ("pitline", "SessionBegun"):
            return None
        return _own_line(raw).get("First") == "yes"

    def hole(self) -> bytes:
        """The record to put in where the journal is torn."""
        return marker(Gap(0, _NO_MOMENT))

    def facts(self, records: Iterable[RawRecord], now: datetime) -> Iterator[Arrival]:
        """What follows from the records, in order."""
        stored = _Stored()
        life = _Life(self._settings, stored.living)
        for at, session, raw in records:
            yield from stored.seen(life.wait_until(at))
            # A log-in without a farewell before it: the process was killed, and another one began.
            if self.begins(raw) or (self.begins(raw) is not None and life.is_linked):
                self.faults += life.faults
                life = _Life(self._settings, stored.living)
            yield from stored.seen(life.hear(at, session, raw))
        if life.last is not None:
            yield from life.wait_until(min(now, life.last + _PATIENCE))
        self.faults += life.faults
        if self.faults:
            get_logger("ami.replay").warning("the tracker stumbled over messages", faults=self.faults)


class _Stored:
    """The living calls as a hub would have stored them: what its next life takes up."""

    def __init__(self) -> None:
        self._calls: dict[str, StoredCall] = {}

    def living(self) -> list[StoredCall]:
        """In the order in which they began."""
        return sorted(self._calls.values(), key=lambda one: (one.call.started_at, one.call.call_id))

    def seen(self, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
        """Passes them on and remembers what goes on."""
        for arrival in arrivals:
            event = arrival.event
            if isinstance(event, CallFact) and event.call.state != "ended":
                self._calls[event.call.call_id] = StoredCall(step=event.step, call=event.call)
            elif isinstance(event, CallFact):
                self._calls.pop(event.call.call_id, None)
            elif isinstance(event, CallMerged):
                self._calls.pop(event.call_id, None)
            elif isinstance(event, PbxLinkRestored) and event.living is not None:
                self._calls = {one: self._calls[one] for one in event.living if one in self._calls}
            yield arrival


class _Life:
    """The tracker of one process, from its first log-in to its end."""

    def __init__(self, settings: TrackerSettings, stored: Callable[[], Sequence[StoredCall]]) -> None:
        self._pbx = settings.pbx
        self._tracker = Tracker(settings)
        self._stored: Callable[[], Sequence[StoredCall]] | None = stored
        self._boot = ""
        self._is_restored = True
        self.is_linked = False
        self.last: datetime | None = None
        self.faults = 0

    def wait_until(self, at: datetime) -> Iterator[Arrival]:
        """What waited for a word that never came is settled in between, as by the consumer's clock."""
        while self._tracker.living and self.last is not None and at - self.last > _TICK:
            self.last += _TICK
            yield from as_arrivals(self._tracker.expire(self.last))

    def hear(self, at: datetime, session: int, raw: bytes) -> list[Arrival]:
        """One record; a fault of the tracker costs that record alone, as on the day."""
        self.last = at
        key, value = _first_header(raw)
        try:
            if key == "pitline":
                return self._own(value, session, raw, at)
            if key == "event" and value in Tracker.WANTED:
                return as_arrivals(self._tracker.feed(Message("event", value, raw), at))
        except TRACKER_FAULTS:
            self.faults += 1
        return []

    def _own(self, what: str, session: int, raw: bytes, at: datetime) -> list[Arrival]:
        match what:
            case "SessionBegun":
                self._boot = _own_line(raw).get("Boot")
                self._tracker.session_started(self._boot, session, at)
                self._is_restored, self.is_linked = False, True
                return self._taken_up(at)
            case "LinkLost":
                self.is_linked = False
                return as_arrivals(self._tracker.link_lost(at))
            case "Gap":
                return as_arrivals(self._tracker.gap(at))
            case "Picture":
                facts = self._tracker.reconcile(_picture(raw), at).facts
                return [*as_arrivals(facts), *self._restored(session, at)]
            case "NoPicture":
                return [*as_arrivals(self._tracker.no_picture(at)), *self._restored(session, at)]
        return []

    def _taken_up(self, at: datetime) -> list[Arrival]:
        """What the life before had followed, at the first log-in of this one."""
        stored, self._stored = self._stored() if self._stored is not None else (), None
        if not stored:
            return []
        return as_arrivals(self._tracker.recall(stored, names_of(boot_named(self._boot)), at))

    def _restored(self, session: int, at: datetime) -> list[Arrival]:
        if self._is_restored:
            return []
        self._is_restored = True
        told = PbxLinkRestored(
            pbx=self._pbx, boot=self._boot, session=session, lost_at=None, is_new_boot=False,
            closed_calls=0, adopted_calls=0, living=self._tracker.living_calls,
        )  # fmt: skip
        external_id = f"{self._pbx}:{told.name}:{session}:{at:%Y%m%dT%H%M%S.%f}:replay"
        return [Arrival(source=SOURCE, external_id=external_id, occurred_at=at, event=told)]


def _own_line(raw: bytes) -> Message:
    return Message("other", "", raw.partition(b"\r\n\r\n")[0])


def _picture(raw: bytes) -> PbxSnapshot:
    rows: dict[str, list[Message]] = {name: [] for name in _LISTS.values()}
    for part in raw.split(b"\r\n\r\n")[1:]:
        _, name = _first_header(part)
        if name in _LISTS:
            rows[_LISTS[name]].append(Message("event", name, part))
    channels, status, queues, parked, bridges = (tuple(messages) for messages in rows.values())
    is_whole = _own_line(raw).get("Whole") != "no"
    return PbxSnapshot(channels, status, queues, parked, bridges, is_whole)


def _first_header(raw: bytes) -> tuple[str, str]:
    name, _, value = raw.partition(b"\n")[0].partition(b":")
    return decode(name).strip().lower(), decode(value).strip()
