"""Which file the PBX writes a call's sound into (`VarSet MIXMONITOR_FILENAME` of a channel), and what
the caller heard of it (`UserEvent` of the dialplan)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2s
from typing import TYPE_CHECKING, Literal

from connectors.ami.message import Message
from connectors.ami.tracker.contract import TrackedFact
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment, peek
from hub.events.recordings import RecordingNamed, RecordingNoticed

if TYPE_CHECKING:
    from connectors.ami.tracker.exchange import Exchange

_VARIABLE = b"MIXMONITOR_FILENAME"
_LONGEST = 1000
_TWICE = 1.0
"""Seconds within which a PBX that tells no time of its own says the same thing twice."""


@dataclass(frozen=True, slots=True)
class Named:
    """A channel is recorded into this file from then on."""

    leg: Leg
    path: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the dialplan said of the notice, or of the key."""

    leg: Leg
    said: Literal["played", "agreed", "refused"]
    at: Moment


def on_var_set(exchange: Exchange, message: Message, now: Moment) -> None:
    """Of all variables this one alone says something."""
    if peek(message, b"\nVariable:") != _VARIABLE:
        return
    leg = exchange.legs.get(message.get("Uniqueid"))
    path = message.get("Value").strip()
    if leg is not None and path and len(path) <= _LONGEST and not _is_the_same(leg, path, now):
        leg.recorded_into, leg.recorded_since = path, now
        exchange.named.append(Named(leg, path, now))


def _is_the_same(leg: Leg, path: str, now: Moment) -> bool:
    """The PBX said it twice. The same file at another moment is a recording that begins anew."""
    since = leg.recorded_since
    if since is None or leg.recorded_into != path:
        return False
    if since.stamp is not None and now.stamp is not None:
        return since.stamp == now.stamp
    return now.since(since) < _TWICE


def told(exchange: Exchange) -> list[TrackedFact]:
    """What can be told now: a name waits until its channel turns out to be a call's, and for no longer than
    the channel lives."""
    facts = list[TrackedFact]()
    named, exchange.named = exchange.named, []
    noticed, exchange.noticed = exchange.noticed, []
    for name in named:
        if _is_told(name.leg):
            facts.append(_fact(name, name.leg.conversation.boot))
        elif _may_become_a_call(name.leg):
            exchange.named.append(name)
    for notice in noticed:
        if _is_told(notice.leg):
            facts.append(_notice(notice, notice.leg.conversation.boot))
        elif _may_become_a_call(notice.leg):
            exchange.noticed.append(notice)
    return facts


def _is_told(leg: Leg) -> bool:
    return leg.conversation.is_call and bool(leg.conversation.step)


def _may_become_a_call(leg: Leg) -> bool:
    return leg.ended is None and not leg.conversation.is_over


def _notice(one: Noticed, boot: str) -> TrackedFact:
    event = RecordingNoticed(call_id=one.leg.conversation.call_id, said=one.said, at=one.at.at)
    return TrackedFact(f"{boot}:{one.leg.uniqueid}:{event.name}:{one.said}", one.at.at, event)


def _fact(one: Named, boot: str) -> TrackedFact:
    event = RecordingNamed(
        call_id=one.leg.conversation.call_id, path=one.path, uniqueid=one.leg.uniqueid, at=one.at.at
    )
    said = f"{one.path}@{one.at.at.timestamp():.6f}"
    mark = blake2s(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return TrackedFact(f"{boot}:{one.leg.uniqueid}:{event.name}:{mark}", one.at.at, event)
