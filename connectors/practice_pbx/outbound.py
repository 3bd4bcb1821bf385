"""What happens in calls that a phone of ours begins: to the world, or to a colleague."""

from __future__ import annotations

from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.model import DOWN, RING, RINGING, UNKNOWN, UP, Channel


def dials(call: Conversation, who: str, number: str) -> None:
    """`101 dials 105` or `101 dials 380671234567`: a colleague's phone, or an outside line."""
    exchange, cast = call.exchange, call.exchange.cast
    leg = exchange.new_channel(f"PJSIP/{who}", RING, who, cast.people[who], "internal", number)
    call.begin(who, leg)
    if number not in cast.people:
        dial_out(call, number)


def dial_out(call: Conversation, number: str) -> Channel:
    """The first leg asks an outside line for the number, under the number that we present."""
    exchange, lead, cast = call.exchange, call.lead, call.exchange.cast
    trunk = cast.trunks[0]
    exchange.set_caller(lead, cast.presented, lead.caller_name)
    exchange.run(lead, "Dial", f"PJSIP/{number}@{trunk},45,Tt", at=("internal", number, 3))
    outside = exchange.new_channel(
        f"PJSIP/{trunk}", DOWN, UNKNOWN, UNKNOWN, "from-trunk", "s", linkedid=lead.linkedid
    )
    call.legs["outside"] = outside
    call.dialled.append(outside)
    outside.exten = number
    exchange.set_caller(outside, number, UNKNOWN)
    exchange.set_connected(outside, lead)
    exchange.dial_begin(lead, outside, f"{number}@{trunk}")
    return outside


def is_ringing(call: Conversation, who: str, *_: str) -> None:
    """`outside is_ringing`: the network says 180."""
    call.exchange.set_state(call.legs[who], RINGING)


def is_engaged(call: Conversation, who: str, *_: str) -> None:
    """`outside is_engaged`: the far side is busy, and our own phone is told."""
    exchange, outside, lead = call.exchange, call.legs[who], call.lead
    exchange.ask_hang_up(outside, 17, tech="486")
    exchange.dial_end(lead, outside, "BUSY")
    call.dialled.remove(outside)
    exchange.run(lead, "Hangup", "17", at=(lead.context, lead.exten, 4))
    exchange.soft_hang_up(lead)
    exchange.hang_up(outside, 17, tech="486")
    exchange.hang_up(lead, 17, tech="486")


def originate(call: Conversation, extension: str, caller_id: tuple[str, str], channel_id: str) -> Channel:
    """Click-to-call: the exchange itself rings our phone first."""
    exchange, cast = call.exchange, call.exchange.cast
    phone = exchange.new_channel(
        f"PJSIP/{extension}", DOWN, extension, cast.people[extension], "internal", "s",
        uniqueid=channel_id or None,
    )  # fmt: skip
    call.begin(extension, phone)
    if caller_id[0]:
        exchange.set_caller(phone, *caller_id)
    phone.exten = "s"
    exchange.dial_begin(None, phone, extension)
    exchange.set_state(phone, RINGING)
    return phone


def pick_up_originated(call: Conversation, number: str) -> None:
    """Our phone answered the click-to-call: the dialplan goes on with the number."""
    exchange, phone = call.exchange, call.lead
    exchange.set_state(phone, UP)
    exchange.dial_end(None, phone, "ANSWER")
    phone.exten = number
