"""Hold, transfers, parking: what a person of ours does with a caller on the line."""

from __future__ import annotations

from connectors.practice_pbx.conversation import Consultation, Conversation
from connectors.practice_pbx.model import DOWN, RING, RINGING, UNKNOWN, UP, Channel, Headers

_PARK_EXTENSION = "700"


def holds(call: Conversation, who: str, *_: str) -> None:
    """`101 holds`."""
    leg = call.legs[who]
    call.exchange.emit("Hold", [*leg.headers(), ("MusicClass", "default")])


def resumes(call: Conversation, who: str, *_: str) -> None:
    """`101 resumes`."""
    call.exchange.emit("Unhold", call.legs[who].headers())


def sends_to(call: Conversation, who: str, target: str) -> None:
    """`101 sends_to 105`: a blind transfer; the caller hears 105 ringing."""
    exchange, leg, lead = call.exchange, call.legs[who], call.lead
    _blind(call, leg, target)
    exchange.leave(lead)
    call.complete_agent(leg)
    exchange.leave(leg)
    exchange.hang_up(leg)
    exchange.run(lead, "Dial", f"PJSIP/{target},30,tTkK", at=("internal", target, 3))
    call.ring(target)


def _blind(call: Conversation, leg: Channel, target: str) -> None:
    bridge = leg.bridge
    if bridge is None:
        raise ValueError("only a call in a bridge can be transferred")
    # seen on every blind transfer, without a Hold before it
    call.exchange.emit("Unhold", leg.headers())
    tail: Headers = [("IsExternal", "Yes"), ("Context", "internal"), ("Extension", target)]
    parties = [*leg.headers("Transferer"), *call.lead.headers("Transferee")]
    call.exchange.emit("BlindTransfer", [("Result", "Success"), *parties, *bridge.headers(), *tail])


def parks(call: Conversation, who: str, *_: str) -> None:
    """`101 parks`: a blind transfer to the parking lot; 101 hears the space read out."""
    leg, lead = call.legs[who], call.lead
    _blind(call, leg, _PARK_EXTENSION)
    call.exchange.lot.park(lead, leg)


def is_parked_by(call: Conversation, parker: Channel) -> None:
    """AMI Park: no transfer event, the caller goes to the lot at once."""
    call.exchange.lot.park(call.lead, parker)


def leaves(call: Conversation, who: str, *_: str) -> None:
    """`101 leaves`: a leg that has nobody to talk to any more ends."""
    call.complete_agent(call.legs[who])
    call.exchange.hang_up(call.legs[who])


def picks_up(call: Conversation, who: str, *_: str) -> None:
    """`102 picks_up`: a phone dials the space of this caller; its leg joins the caller's call."""
    exchange, cast = call.exchange, call.exchange.cast
    space = next(s for s, parked in exchange.lot.parked.items() if parked.channel is call.lead)
    phone = exchange.new_channel(f"PJSIP/{who}", RING, who, cast.people[who], "internal", space)
    call.legs[who] = phone
    exchange.run(phone, "ParkedCall", f"default,{space}", at=("internal", space, 1))
    exchange.set_state(phone, UP)
    exchange.lot.unpark(space, phone, exchange.new_bridge())


def consults(call: Conversation, who: str, target: str) -> None:
    """`101 consults 105`: the caller waits, 105 is rung through a Local channel (feature code *2)."""
    exchange, asker, cast = call.exchange, call.legs[who], call.exchange.cast
    for digit in f"*2{target}":
        key = [("Digit", digit), ("Direction", "Received")]
        exchange.emit("DTMFBegin", [*asker.headers(), *key], "dtmf")
        length = [("Digit", digit), ("DurationMs", "160"), ("Direction", "Received")]
        exchange.emit("DTMFEnd", [*asker.headers(), *length], "dtmf")
    exchange.emit("Hold", asker.headers())
    one, two = exchange.new_local(target, "internal", call.lead.linkedid)
    call.locals["consultation"] = (one, two)
    exchange.set_caller(two, asker.number, asker.caller_name)
    exchange.join_local(one, two, target, "internal", stays=False)
    one.connect(asker)
    first, second = asker.bridge, exchange.new_bridge()
    exchange.enter(second, one)
    exchange.leave(asker)
    exchange.enter(second, asker)
    exchange.run(two, "Dial", f"PJSIP/{target},30,tTkK", at=("internal", target, 3))
    asked = exchange.new_channel(
        f"PJSIP/{target}", DOWN, target, cast.people[target], "internal", "s", linkedid=call.lead.linkedid
    )
    call.legs[target] = asked
    asked.exten = target
    exchange.set_connected(asked, asker)
    exchange.dial_begin(two, asked, target)
    exchange.set_connected(two, asked)
    exchange.set_connected(asker, asked)
    exchange.set_state(asked, RINGING)
    exchange.set_state(one, RINGING)
    exchange.set_caller(one, target, cast.people[target])
    if first is not None:
        call.consultation = Consultation(asker, asked, one, two, first, second)


def takes_consultation(call: Conversation, *_: str) -> None:
    """`105 takes_consultation`: the colleague answers; the two of ours talk."""
    exchange, asked = call.exchange, _consultation(call)
    exchange.set_state(asked.asked, UP)
    exchange.dial_end(asked.two, asked.asked, "ANSWER")
    exchange.set_state(asked.two, UP)
    room = exchange.new_bridge()
    exchange.enter(room, asked.asked)
    exchange.set_state(asked.one, UP)
    exchange.dial_end(None, asked.one, "ANSWER")
    exchange.enter(room, asked.two)


def hands_over(call: Conversation, *_: str) -> None:
    """`101 hands_over`: 101 hangs up, and the caller talks with the colleague."""
    exchange, lead, deal = call.exchange, call.lead, _consultation(call)
    asker, asked, one = deal.asker, deal.asked, deal.one
    exchange.ask_hang_up(asker)
    exchange.emit("BridgeMerge", [*deal.waiting.headers("To"), *deal.talking.headers("From")])
    exchange.leave(one)
    exchange.enter(deal.waiting, one)
    exchange.set_connected(one, lead)
    exchange.set_connected(asked, lead)
    exchange.set_connected(lead, asked)
    call.complete_agent(asker)
    exchange.leave(asker)
    exchange.emit("AttendedTransfer", _attended(deal, lead))
    exchange.hang_up(asker)
    _optimise_away(call, deal)
    call.consultation = None


def _attended(deal: Consultation, lead: Channel) -> Headers:
    return [
        ("Result", "Success"),
        *deal.asker.headers("OrigTransferer"),
        *deal.waiting.headers("Orig"),
        *deal.asker.headers("SecondTransferer"),
        *deal.talking.headers("Second"),
        *lead.headers("Transferee"),
        *deal.one.headers("TransferTarget"),
        ("IsExternal", "No"),
        ("DestType", "Bridge"),
        ("DestBridgeUniqueid", deal.waiting.uniqueid),
    ]


def _optimise_away(call: Conversation, deal: Consultation) -> None:
    """The Local pair is taken out: the colleague's own leg goes into the caller's bridge."""
    exchange, one, two, asked = call.exchange, deal.one, deal.two, deal.asked
    pair = [*one.headers("LocalOne"), *two.headers("LocalTwo")]
    source = [*asked.headers("Source"), ("DestUniqueId", two.uniqueid), ("Id", "0")]
    exchange.emit("LocalOptimizationBegin", [*pair, *source])
    exchange.leave(asked)
    exchange.leave(one)
    exchange.enter(deal.waiting, asked)
    exchange.emit("LocalOptimizationEnd", [*pair, ("Success", "No"), ("Id", "0")])
    exchange.ask_hang_up(two)
    exchange.hang_up(one)
    exchange.leave(two)
    exchange.soft_hang_up(two)
    exchange.hang_up(two)
    del call.locals["consultation"]


def _consultation(call: Conversation) -> Consultation:
    if call.consultation is None:
        raise ValueError("the script hands over without a consultation")
    return call.consultation


def redirects(call: Conversation, target: str) -> None:
    """AMI Redirect of the caller's leg: no transfer event at all, only a new DialBegin."""
    exchange, lead = call.exchange, call.lead
    old = [leg for leg in call.legs.values() if leg in exchange.channels and leg is not lead]
    if call.dialled or call.queued_at is not None:
        call.stop_ringing("CANCEL", 0)
    exchange.lot.give_up(lead)
    exchange.leave(lead)
    for leg in old:
        if leg in exchange.channels:
            call.complete_agent(leg)
            exchange.hang_up(leg)
    if lead.state != UP:
        exchange.set_state(lead, UP)
    lead.connected_number, lead.connected_name = UNKNOWN, UNKNOWN
    exchange.run(lead, "Dial", f"PJSIP/{target},30,tTkK", at=("internal", target, 3))
    call.ring(target)
