"""A hub that starts takes up the calls that its former life had followed: what was stored of them is
made conversations again, before the PBX is asked what lives. From there on a restart is a gap like any
other: what the picture does not show is closed, what it shows goes on under the same id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.ami.tracker.contract import STEPS_FROM
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import endpoint
from connectors.ami.tracker.exchange import Exchange, fingerprint
from connectors.ami.tracker.legs import Bridge, Leg
from connectors.ami.tracker.moments import Moment, latest
from connectors.ami.tracker.people import CAUSE_BUSY, CAUSE_REJECTED, label
from connectors.ami.tracker.snapshots import face
from hub.events.calls import CallSnapshot, Party, PartyOutcome
from hub.events.calls import Leg as StoredLeg
from hub.ports.telephony import StoredCall

_COUNTED = re.compile(r"(?P<before>.*?)(?P<epoch>\d{9,11})\.(?P<count>\d{1,9})$")
_BROKEN = frozenset({"blind", "redirect", "park"})
_LOOKS_BACK = 8


def recall(exchange: Exchange, calls: Sequence[StoredCall], boots: Sequence[str], now: Moment) -> None:
    """Take up the calls that belong to one of these boots of the PBX. Those whose origin is not among
    their channels wait for a channel of the picture that names it."""
    for stored in calls:
        origin = _origin(stored.call, boots)
        if origin is None:
            exchange.unclaimed[_fingerprint(stored.call)] = stored
        elif origin[1] not in exchange.by_linkedid:
            _take_up(exchange, stored, *origin, now)


def claim(exchange: Exchange, linkedids: Iterable[str], now: Moment) -> None:
    """What the picture shows says which of the others belong to this life of the PBX."""
    for linkedid in dict.fromkeys(linkedids) if exchange.unclaimed else ():
        stored = exchange.unclaimed.pop(fingerprint(exchange.boot, linkedid), None)
        if stored is not None and linkedid not in exchange.by_linkedid:
            _take_up(exchange, stored, exchange.boot, linkedid, now)
    exchange.unclaimed.clear()


def _origin(call: CallSnapshot, boots: Sequence[str]) -> tuple[str, str] | None:
    """The boot and the Uniqueid that gave the call its id: so it is known that it belongs to this life
    of the PBX, and no other call's channels can be taken for its own."""
    for uniqueid in _candidates(call):
        for boot in boots:
            if fingerprint(boot, uniqueid) == _fingerprint(call):
                return boot, uniqueid
    return None


def _fingerprint(call: CallSnapshot) -> str:
    return call.call_id[8:]


def _candidates(call: CallSnapshot) -> Iterator[str]:
    """Its channels; and, where a Local channel began it, which is not told of, those just before."""
    yield from (leg.uniqueid for leg in call.legs)
    for leg in call.legs[:2]:
        found = _COUNTED.fullmatch(leg.uniqueid)
        if found is None:
            continue
        for back in range(1, _LOOKS_BACK):
            for earlier in range(3):
                count, epoch = int(found["count"]) - back, int(found["epoch"]) - earlier
                yield f"{found['before']}{epoch}.{count}"


def _take_up(exchange: Exchange, stored: StoredCall, boot: str, key: str, now: Moment) -> None:
    call = stored.call
    conversation = Conversation(
        key=key,
        boot=boot,
        call_id=call.call_id,
        order=exchange.next_order(),
        started=_moment(call.started_at),
        linkedids={key},
        touched=now,
    )
    exchange.by_linkedid[key] = conversation
    for leg in call.legs:
        _put_leg(exchange, conversation, leg, call)
    for person in call.parties:
        _put_party(exchange, conversation, person)
    _put_facts(conversation, call)
    _put_talk(exchange, conversation, call, now)
    conversation.step = max(stored.step, int(now.arrival) - STEPS_FROM)
    conversation.face = face(conversation, exchange.settings, hears_requests=False)
    conversation.is_complete = False
    exchange.tell(conversation)


def _moment(at: datetime) -> Moment:
    """It was told by the PBX's clock where that is sent, else by ours; nothing says which."""
    return Moment(at.timestamp(), at.timestamp())


def _seen(at: datetime | None) -> Moment | None:
    return None if at is None else _moment(at)


def _put_leg(exchange: Exchange, conversation: Conversation, stored: StoredLeg, call: CallSnapshot) -> None:
    is_outside = stored.role == "outside" or (stored.role == "caller" and call.direction == "inbound")
    leg = Leg(
        uniqueid=stored.uniqueid,
        name=stored.channel,
        linkedid=conversation.key,
        kind=exchange.endpoints.kind_of_channel(stored.channel),
        endpoint=endpoint(stored.channel),
        born=_moment(stored.started_at),
        conversation=conversation,
        is_caller=stored.role == "caller" and not _was_rung_first(stored, call),
        number=stored.label,
        dial_string="" if stored.role == "phone" else stored.label,
        is_outside_party=is_outside,
        is_placed=True,
        up=_seen(stored.answered_at),
        ended=_seen(stored.ended_at),
    )
    leg.is_dialled = not leg.is_caller
    conversation.legs.append(leg)
    if is_outside and (conversation.anchor is None or leg.ended is None):
        conversation.anchor = leg
    if stored.role == "caller" and call.direction != "inbound":
        conversation.caller = leg
        conversation.is_originated = leg.is_dialled
    if leg.ended is None:
        conversation.living[leg] = None
        exchange.legs[leg.uniqueid] = leg
    else:
        exchange.remember_gone(leg.uniqueid, is_early=False)


def _was_rung_first(stored: StoredLeg, call: CallSnapshot) -> bool:
    """Our own phone of a click-to-call: it rang."""
    if call.direction == "inbound":
        return False
    return any(one.rang_at is not None for one in call.parties if one.extension == stored.label)


def _put_party(exchange: Exchange, conversation: Conversation, stored: Party) -> None:
    """What is stored of a person is written on the legs that it was folded from."""
    country = exchange.settings.country
    who = stored.extension or stored.number
    legs = [leg for leg in conversation.legs if not leg.is_outside_party and label(leg, country) == who]
    if not legs:
        return
    legs[0].caller_name = stored.name or ""
    legs[0].rang = _seen(stored.rang_at)
    last = legs[-1]
    rings = stored.outcome is None and stored.left_at is None and last.ended is None and last.up is None
    if rings and stored.rang_at is not None:
        last.rang = latest((_moment(stored.rang_at), last.born))
    if stored.answered_at is not None:
        talked = next((leg for leg in legs if leg.up is not None), last)
        talked.talked = talked.met = _moment(stored.answered_at)
        if last.ended is None and last.up is not None and last.talked is None:
            last.talked = last.met = last.up
    if stored.left_at is not None:
        last.asked_to_end = _moment(stored.left_at)
    _put_outcome(next((leg for leg in reversed(legs) if leg.ended is not None), last), stored.outcome)


def _put_outcome(leg: Leg, outcome: PartyOutcome | None) -> None:
    if outcome in ("declined", "busy"):
        leg.cause = CAUSE_REJECTED if outcome == "declined" else CAUSE_BUSY
    leg.was_answered_elsewhere = outcome == "answered_elsewhere"
    leg.was_cancelled_by_caller = outcome == "cancelled"


def _put_facts(conversation: Conversation, call: CallSnapshot) -> None:
    conversation.direction = call.direction
    conversation.is_tried = bool(call.parties) or call.queue is not None
    conversation.from_raw = call.from_number or ""
    conversation.to_raw = (call.dialled if call.direction == "inbound" else call.to_number) or ""
    conversation.asked_raw = conversation.to_raw if call.direction != "inbound" else ""
    conversation.queue, conversation.queued = call.queue, _seen(call.queued_at)
    conversation.transfers = list(call.transfers)
    conversation.parked_at_space = call.parked_at_space
    if call.state == "parked" and call.transfers:
        conversation.parked_by = call.transfers[-1].from_extension
    if call.direction == "internal":
        conversation.anchor = conversation.caller
    anchor = conversation.anchor
    if anchor is not None and call.direction == "inbound":
        anchor.caller_name = call.caller_name or ""
        anchor.number = call.from_number or ""
        anchor.exten = call.dialled or ""
    states: dict[str, Any] = {"talking": "talking", "on_hold": "talking"}
    conversation.phase = states.get(call.state, call.state)


def _put_talk(exchange: Exchange, conversation: Conversation, call: CallSnapshot, now: Moment) -> None:
    """Who talks, since when, and how long already. Where they are is guessed until the PBX says it."""
    country = exchange.settings.country
    people = [leg for leg in conversation.legs if not leg.is_outside_party]
    by_label = {label(leg, country): leg for leg in reversed(people)}
    conversation.first_person = by_label.get(call.answered_by) if call.answered_by else None
    talkers = [leg for leg in people if label(leg, country) == call.last_extension]
    conversation.last_person = talkers[-1] if talkers and call.last_extension else None
    if call.answered_by is not None:
        guess = conversation.started._replace(is_guess=True)
        conversation.answered = _seen(call.answered_at) or guess
    conversation.answers = sum(1 for one in call.parties if one.outcome == "answered")
    conversation.told_answers = conversation.answers
    clock = conversation.clock
    clock.talk, clock.hold = call.talk_seconds, call.hold_seconds
    if conversation.phase != "talking":
        return
    clock.is_talking, clock.is_holding, clock.since = True, call.state == "on_hold", now
    is_unbroken = not any(transfer.kind in _BROKEN for transfer in call.transfers)
    if call.answered_at is not None and is_unbroken:
        clock.since = _moment(call.answered_at + timedelta(seconds=clock.talk))
    _bring_together(exchange, conversation)


def _bring_together(exchange: Exchange, conversation: Conversation) -> None:
    bridge = Bridge(f"recalled:{conversation.call_id}", is_guess=True)
    exchange.bridges[bridge.uniqueid] = bridge
    for leg in [leg for leg in conversation.living if leg.up is not None and leg.is_real]:
        exchange.enter_bridge(leg, bridge)
        if not leg.is_outside_party and leg is not conversation.anchor:
            conversation.partners[leg] = None
            leg.is_holding = conversation.clock.is_holding
            leg.talked = leg.talked or leg.up
            leg.met = leg.met or leg.talked
    if not bridge.members:
        exchange.bridges.pop(bridge.uniqueid, None)
