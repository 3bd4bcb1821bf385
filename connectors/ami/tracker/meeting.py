"""Who is joined with whom: the clock of the talk, who answered, who is away on a consultation."""

from __future__ import annotations

from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg, hearing
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.people import is_person


def meet(exchange: Exchange, leg: Leg, now: Moment) -> None:
    """The leg entered a bridge: whoever hears each other from here on is in one call."""
    together = [one for one in hearing(leg) if one.ended is None]
    if len(together) < 2:
        refresh(exchange, leg.conversation, now)
        return
    home = together[0].conversation
    for other in together[1:]:
        home = exchange.tie(home, other.conversation, other)
    if home.direction is None and sum(is_person(one) for one in together) > 1:
        home.direction = "internal"
        home.caller = home.caller or together[0]
        home.to_raw = home.to_raw or home.caller.exten
    has_outside = any(one.is_outside_party for one in together)
    for one in together:
        if one.talked is None and (has_outside or one.kind == "phone"):
            one.talked = now
            exchange.tell(home)
        if one.up is None:
            one.up = now
        if not has_outside and is_person(one):
            one.consulted = next((other for other in together if other is not one and is_person(other)), None)
    refresh(exchange, home, now)


def refresh(exchange: Exchange, conversation: Conversation, now: Moment) -> None:
    """Something moved: turn the clock, and see whether somebody new talks with the outside party."""
    if conversation.is_over:
        return
    joined = _joined(conversation)
    away = [] if joined else _away(conversation)
    is_holding = not joined or all(leg.is_holding for leg in joined)
    was_holding = conversation.clock.is_holding
    conversation.clock.turn(now, bool(joined or away), is_holding)
    for leg in joined:
        if conversation.direction != "internal" or leg is not conversation.caller:
            _join(conversation, leg, now)
    if joined:
        if conversation.phase != "talking":
            conversation.phase = "talking"
            conversation.parked_at_space = None
        conversation.departure = None
        _remember_last(conversation, joined)
        exchange.tell(conversation)
    elif was_holding != conversation.clock.is_holding:
        exchange.tell_later(conversation)
    if conversation.phase == "talking" and not conversation.clock.is_talking:
        exchange.waiting[conversation] = None


def _joined(conversation: Conversation) -> list[Leg]:
    """The persons of ours who hear the outside party (internal: who hear each other). Who hears one
    hears all of them, so that each gathering is looked at once, however many legs it has."""
    heard: set[Leg] = set()
    if conversation.direction == "internal":
        for leg in conversation.living:
            if leg.bridge is not None and leg.is_real and leg not in heard:
                everybody = hearing(leg)
                heard.update(everybody)
                together = [one for one in everybody if is_person(one) and one.ended is None]
                if len(together) > 1:
                    return together
        return []
    joined: dict[Leg, None] = {}
    for outside in conversation.outside_parties():
        if outside.bridge is None or outside in heard:
            continue
        everybody = hearing(outside)
        heard.update(everybody)
        for one in everybody:
            if is_person(one) and one.ended is None:
                joined[one] = None
                if conversation.anchor is None:
                    conversation.anchor = outside
    return list(joined)


def _away(conversation: Conversation) -> list[Leg]:
    """Who talked with the outside party and has gone to ask somebody, while it waits in its bridge."""
    waiting = [leg for leg in conversation.outside_parties() if leg.bridge and not leg.bridge.is_holding]
    if not waiting:
        if conversation.partners and not any(leg.bridge for leg in conversation.outside_parties()):
            conversation.partners.clear()
        return []
    return [
        leg
        for leg in conversation.partners
        if leg.bridge is not None
        and not leg.bridge.is_holding
        and leg.bridge is not waiting[0].bridge
        and not leg.is_leaving
    ]


def _join(conversation: Conversation, leg: Leg, now: Moment) -> None:
    if leg not in conversation.partners and (conversation.phase != "talking" or leg.met is None):
        conversation.answers += 1
        conversation.last_person = leg
    conversation.partners[leg] = None
    if leg.met is None:
        leg.met = now
    if conversation.answered is None:
        conversation.answered = now
        conversation.first_person = leg


def _remember_last(conversation: Conversation, joined: list[Leg]) -> None:
    """The last who talked is among those who talk now."""
    if conversation.last_person not in joined:
        conversation.last_person = joined[-1]
