"""What happens in calls from outside: the table words of `rehearsals.py`, each a deed."""

from __future__ import annotations

from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.model import DOWN, RING, UNKNOWN, UP


def dials_in(call: Conversation, who: str, line: str) -> None:
    """`caller dials_in 0443001122`: a call arrives on the outside line that has this number."""
    exchange = call.exchange
    trunk = exchange.cast.trunk_of(line)
    name = call.name or UNKNOWN
    leg = exchange.new_channel(f"PJSIP/{trunk}", RING, call.number, name, "from-trunk", line)
    leg.dnid = line
    call.begin(who, leg)
    exchange.run(leg, "NoOp", f"inbound to {line}", at=("from-trunk", line, 1))


def hears(call: Conversation, who: str, message: str) -> None:
    """`caller hears welcome`: the exchange itself answers and plays a message."""
    exchange, leg = call.exchange, call.legs[who]
    if leg.state != UP:
        exchange.run(leg, "Answer", at=(leg.context, leg.exten, 2))
        exchange.set_state(leg, UP)
    exchange.run(leg, "Playback", message, at=(leg.context, leg.exten, 3))


def waits_in(call: Conversation, who: str, queue: str) -> None:
    """`caller waits_in reception`: the caller joins the queue."""
    exchange, leg = call.exchange, call.legs[who]
    exchange.run(leg, "Queue", f"{queue},tTkK,,,60", at=(leg.context, leg.exten, 4))
    exchange.waiting.append(leg)
    call.queued_at = exchange.clock.now()
    count = str(len(exchange.waiting))
    place = [*call.queue_headers(), ("Position", count), ("Count", count)]
    exchange.emit("QueueCallerJoin", [*leg.headers(), *place], "agent")


def rings(call: Conversation, who: str, *_: str) -> None:
    """`101 rings`: out of the queue, by Dial, or because somebody of ours was dialled."""
    lead = call.lead
    if call.queued_at is None and not call.dialled:
        call.exchange.run(lead, "Dial", f"PJSIP/{who},30,tTkK", at=(lead.context, lead.exten, 5))
    call.ring(who)


def answers(call: Conversation, who: str, *_: str) -> None:
    """`101 answers`."""
    call.answer(call.legs[who])


def declines(call: Conversation, who: str, *_: str) -> None:
    """`102 declines`: the phone answers 603, and Asterisk says NOANSWER with cause 21."""
    _refuse(call, who, "NOANSWER", 21, "603")


def is_busy(call: Conversation, who: str, *_: str) -> None:
    """`101 is_busy`: the phone is dialled and answers 486 at once."""
    exchange, lead, cast = call.exchange, call.lead, call.exchange.cast
    exchange.run(lead, "Dial", f"PJSIP/{who},30,tTkK", at=(lead.context, lead.exten, 5))
    phone = exchange.new_channel(
        f"PJSIP/{who}", DOWN, who, cast.people[who], "internal", lead.exten, linkedid=lead.linkedid
    )
    call.legs[who] = phone
    call.dialled.append(phone)
    exchange.set_connected(phone, lead)
    exchange.dial_begin(lead, phone, who)
    exchange.set_connected(lead, phone)
    _refuse(call, who, "BUSY", 17, "486")


def _refuse(call: Conversation, who: str, status: str, cause: int, tech: str) -> None:
    exchange, phone = call.exchange, call.legs[who]
    exchange.ask_hang_up(phone, cause, tech=tech)
    if call.queued_at is not None:
        rang = [("RingTime", "3000")]
        exchange.emit("AgentRingNoAnswer", [*call.agent_headers(phone), *rang], "agent")
    exchange.dial_end(call.lead, phone, status)
    call.dialled.remove(phone)
    exchange.hang_up(phone, cause, tech=tech)


def is_given_up(call: Conversation, *_: str) -> None:
    """`caller is_given_up`: the queue's or Dial's time is over; the caller stays on the line."""
    exchange, lead = call.exchange, call.lead
    was_queued = call.queued_at is not None
    if was_queued:
        for phone in call.dialled:
            rang = [("RingTime", "12000")]
            exchange.emit("AgentRingNoAnswer", [*call.agent_headers(phone), *rang], "agent")
    call.stop_ringing("NOANSWER", 0)
    if was_queued:
        _user_event(call, "QueueMissed", 6, ("Status", "TIMEOUT"))
    lead.priority = 7


def keeps_place(call: Conversation, who: str, *_: str) -> None:
    """`caller keeps_place`: pressed a key in the queue, is thanked, and will be called back."""
    exchange, leg = call.exchange, call.legs[who]
    call.stop_ringing("CANCEL", 0)
    leg.exten = "1"
    queue = ("Queue", exchange.cast.queue)
    _user_event(call, "CallbackAsked", 2, queue)
    exchange.run(leg, "Playback", "auth-thankyou", at=("reception-keys", "1", 3))


def leaves_message(call: Conversation, who: str, *_: str) -> None:
    """`caller leaves_message`: a beep, and the machine records."""
    exchange, leg = call.exchange, call.legs[who]
    if leg.state != UP:
        exchange.run(leg, "Answer", at=("voicemail", "s", 1))
        exchange.set_state(leg, UP)
    exchange.run(leg, "Playback", "beep", at=("voicemail", "s", 2))
    _user_event(call, "VoicemailStarted", 3)
    exchange.run(leg, "Record", f"voicemail/{leg.linkedid}.wav,3,60,k", at=("voicemail", "s", 4))


def _user_event(call: Conversation, name: str, priority: int, *more: tuple[str, str]) -> None:
    exchange, lead = call.exchange, call.lead
    exchange.run(lead, "UserEvent", name, at=(lead.context, lead.exten, priority))
    said = [("UserEvent", name), ("Linkedid", lead.linkedid), *more]
    exchange.emit("UserEvent", [*lead.headers(), *said], "user")


def is_sent_away(call: Conversation, who: str, *_: str) -> None:
    """`caller is_sent_away`: the message is over and the exchange hangs up."""
    exchange, leg = call.exchange, call.legs[who]
    exchange.run(leg, "Hangup", at=(leg.context, leg.exten, 9))
    exchange.soft_hang_up(leg)
    exchange.hang_up(leg)


def hangs_up(call: Conversation, who: str, *_: str) -> None:
    """`caller hangs_up`, `101 hangs_up`."""
    call.hang_up(who)
