"""Follow-me: a person's phone and mobile ring together; the mobile counts once a key was pressed."""

from __future__ import annotations

from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.model import DOWN, RINGING, UNKNOWN, UP, Channel

_CONTEXT = "from-fm"


def rings_everywhere(call: Conversation, who: str, *_: str) -> None:
    """`100 rings_everywhere`: the desk phone and the mobile, each behind a Local/…/n of its own."""
    exchange, lead, cast = call.exchange, call.lead, call.exchange.cast
    mobile = cast.mobiles[who]
    names = {"phone": f"FMPR-{who}", "mobile": f"FMGL-{mobile}"}
    dial = "&".join(f"Local/{name}@{_CONTEXT}/n" for name in names.values())
    exchange.run(lead, "Dial", f"{dial},40,tTr", at=("ext-findmefollow", who, 4))
    for kind, name in names.items():
        call.locals[kind] = exchange.new_local(name, _CONTEXT, lead.linkedid)
    for kind, (one, two) in call.locals.items():
        one.exten = who
        exchange.set_caller(one, who, UNKNOWN)
        exchange.set_connected(one, lead)
        exchange.set_caller(two, lead.number, lead.caller_name)
        exchange.set_connected(two, one)
        exchange.join_local(one, two, names[kind], _CONTEXT, stays=True)
        exchange.dial_begin(lead, one, f"{names[kind]}@{_CONTEXT}/n")
    phone = _leg_to_phone(call, who)
    far = _leg_to_mobile(call, mobile)
    for leg, kind in ((far, "mobile"), (phone, "phone")):
        exchange.set_state(leg, RINGING)
        exchange.set_state(call.locals[kind][0], RINGING)


def _leg_to_mobile(call: Conversation, mobile: str) -> Channel:
    exchange, cast, two = call.exchange, call.exchange.cast, call.locals["mobile"][1]
    trunk = cast.trunks[0]
    exchange.set_caller(two, cast.presented, UNKNOWN)
    dial = f"PJSIP/{mobile}@{trunk},45,TtU(sub-fm-confirm^{mobile})"
    exchange.run(two, "Dial", dial, at=("sub-dialout-trunk", "s", 6))
    far = exchange.new_channel(
        f"PJSIP/{trunk}", DOWN, UNKNOWN, UNKNOWN, "from-trunk", "s", linkedid=two.linkedid
    )
    call.legs["mobile"] = far
    # inside a Gosub the number that was dialled shows only in DialString
    exchange.set_caller(far, "s", UNKNOWN)
    exchange.set_connected(far, two)
    exchange.dial_begin(two, far, f"{mobile}@{trunk}")
    return far


def _leg_to_phone(call: Conversation, who: str) -> Channel:
    exchange, cast, two = call.exchange, call.exchange.cast, call.locals["phone"][1]
    exchange.run(two, "Dial", f"PJSIP/{who},40,Ttr", at=("sub-dial-one", "s", 3))
    phone = exchange.new_channel(
        f"PJSIP/{who}", DOWN, who, cast.people[who], "internal", "s", linkedid=two.linkedid
    )
    call.legs[who] = phone
    exchange.set_connected(phone, two)
    exchange.dial_begin(two, phone, who)
    return phone


def takes_the_mobile(call: Conversation, who: str, *_: str) -> None:
    """`mobile takes_the_mobile`: the mobile is up, and hears that a key is wanted."""
    exchange, far = call.exchange, call.legs[who]
    exchange.set_state(far, UP)
    exchange.run(far, "Read", "FMKEY,press-1,1,,1,5", at=("sub-fm-confirm", "s", 3))


def presses(call: Conversation, who: str, digit: str) -> None:
    """`mobile presses 1`: confirmed; the desk phone stops, the mobile is joined with the caller."""
    exchange, lead, far = call.exchange, call.lead, call.legs[who]
    key = [("Digit", digit), ("DurationMs", "160"), ("Direction", "Received")]
    exchange.emit("DTMFEnd", [*far.headers(), *key], "dtmf")
    (phone_one, phone_two), (one, two) = call.locals["phone"], call.locals["mobile"]
    exchange.dial_end(two, far, "ANSWER")
    exchange.set_state(two, UP)
    inner = exchange.new_bridge()
    exchange.enter(inner, far)
    exchange.set_state(one, UP)
    exchange.set_connected(lead, one)
    exchange.dial_end(lead, phone_one, "CANCEL")
    exchange.hang_up(phone_one, 26)
    exchange.dial_end(lead, one, "ANSWER")
    exchange.set_state(lead, UP)
    _stop_phone(call, phone_two)
    exchange.enter(inner, two)
    outer = exchange.new_bridge()
    exchange.enter(outer, one)
    exchange.enter(outer, lead)


def _stop_phone(call: Conversation, two: Channel) -> None:
    exchange = call.exchange
    phone = next(leg for leg in call.legs.values() if leg.linkedid and leg.number == two.connected_number)
    exchange.dial_end(two, phone, "CANCEL")
    exchange.hang_up(phone, 26)
    exchange.soft_hang_up(two)
    exchange.hang_up(two, 26)
