"""Calls told a second time: what the facts of a replay come to, and where that differs from the history.

Pure; the service beside it reads the history and takes over what a person wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from hub.events.calls import CallFact, CallMerged, CallSnapshot, PbxLinkRestored
from hub.modules.calls.rules import columns, read_legs, read_parties, read_transfers
from hub.ports.intake import Arrival

Verdict = Literal["differs", "only_new", "only_old", "merged"]
Members = dict[str, dict[str, Any]]
_LISTS: Mapping[str, Callable[[str], Sequence[Any]]] = {
    "parties": read_parties,
    "transfers": read_transfers,
    "legs": read_legs,
}
_DERIVED = frozenset({"other_number"})
"""Follows from other fields: named once is enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call as its newest fact tells it."""

    step: int
    call: CallSnapshot


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: how it stands in the history, and how it would now come out."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A call that would now come out differently. `obstacle`: why it cannot be taken over."""

    verdict: Verdict
    call_id: str
    started_at: datetime
    title: str
    differences: tuple[Difference, ...] = ()
    obstacle: str = ""
    told: Told | None = None
    old_step: int = 0
    into_id: str = ""


class Retelling:
    """What the facts of a replay come to, by the same rules as the handler of call facts."""

    def __init__(self) -> None:
        self.calls: dict[str, Told] = {}
        self.merged: dict[str, str] = {}
        self._heard: set[tuple[str, str]] = set()

    def hear(self, arrival: Arrival) -> None:
        """The next fact; one that was heard before is silence."""
        name = (arrival.source, arrival.external_id)
        if name in self._heard:
            return
        self._heard.add(name)
        event = arrival.event
        if isinstance(event, CallFact):
            self._tell(event)
        elif isinstance(event, CallMerged):
            self.calls.pop(event.call_id, None)
            self.merged[event.call_id] = event.into_call_id
        elif isinstance(event, PbxLinkRestored) and event.living is not None:
            self._close_ghosts(frozenset(event.living))

    def survivor(self, call_id: str) -> str | None:
        """The call that this one became a part of, followed to its end."""
        into = self.merged.get(call_id)
        while into in self.merged:
            into = self.merged[into]
        return into

    def _tell(self, event: CallFact) -> None:
        known = self.calls.get(event.call.call_id)
        if event.call.call_id not in self.merged and (known is None or known.step < event.step):
            self.calls[event.call.call_id] = Told(event.step, event.call)

    def _close_ghosts(self, living: frozenset[str]) -> None:
        for call_id, told in self.calls.items():
            if told.call.state != "ended" and call_id not in living:
                closed = replace(
                    told.call, state="ended", result="unknown", is_complete=False, parked_at_space=None
                )
                self.calls[call_id] = Told(told.step, closed)


def differences(old: Mapping[str, Any], call: CallSnapshot) -> Iterator[Difference]:
    """Field by field; lists by their members."""
    for name, new in columns(call).items():
        if name in _DERIVED or old[name] == new:
            continue
        if name in _LISTS:
            yield from _inside(name, _members(name, old[name]), _members(name, new))
        else:
            yield Difference(name, shown(old[name]), shown(new))


def title(direction: str, from_number: str | None, to_number: str | None) -> str:
    """Which call it is, for a person."""
    return f"{direction} {from_number or '?'} -> {to_number or '?'}"


def shown(value: object) -> str:
    """A value on a line of text."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value)


def _members(name: str, kept: str) -> Members:
    """The members of a list by what names them."""
    members: Members = {}
    for number, member in enumerate(_LISTS[name](kept)):
        values = asdict(member)
        label = str(values.get("extension") or values.get("uniqueid") or values.get("number") or number)
        members[label if label not in members else f"{label}#{number}"] = values
    return members


def _inside(
    name: str, old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]
) -> Iterator[Difference]:
    for label in dict.fromkeys([*old, *new]):
        if label not in new:
            yield Difference(f"{name}.{label}", _member(old[label]), "-")
        elif label not in old:
            yield Difference(f"{name}.{label}", "-", _member(new[label]))
        else:
            for key in old[label]:
                if old[label][key] != new[label][key]:
                    field = f"{name}.{label}.{key}"
                    yield Difference(field, shown(old[label][key]), shown(new[label][key]))


def _member(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {shown(value)}" for key, value in values.items() if value is not None)
