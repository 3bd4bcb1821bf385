"""What happens after somebody has stepped in by AMI: nobody wrote a table for it, so people do the
usual thing (answer after three seconds, talk for twenty, hang up)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.practice_pbx import inbound, outbound, transfers
from connectors.practice_pbx.conversation import Conversation
from connectors.practice_pbx.model import RINGING, Channel

Step = tuple[float, Callable[[], None]]
"""Wait so many seconds, then do it."""

_ANSWERS = 3.0
_ASKS = 4.0
_TALKS = 20.0
_PARKED = 10.0
_HEARS_SPACE = 2.6


def who_is(call: Conversation, leg: Channel) -> str:
    """The name by which the conversation knows a leg."""
    return next(who for who, own in call.legs.items() if own is leg)


def ended(call: Conversation, leg: Channel) -> Iterator[Step]:
    """AMI Hangup: the exchange ends the whole call."""
    yield 0.0, lambda: call.end(leg)


def redirected(call: Conversation, extension: str) -> Iterator[Step]:
    """AMI Redirect of the first leg to a phone."""
    yield 0.0, lambda: transfers.redirects(call, extension)
    yield from _answered(call, extension)


def sent(call: Conversation, leg: Channel, extension: str) -> Iterator[Step]:
    """AMI BlindTransfer by a phone of ours."""
    yield 0.0, lambda: transfers.sends_to(call, who_is(call, leg), extension)
    yield from _answered(call, extension)


def handed_over(call: Conversation, leg: Channel, extension: str) -> Iterator[Step]:
    """AMI Atxfer: asks the colleague, then hands over."""
    who = who_is(call, leg)
    yield 0.0, lambda: transfers.consults(call, who, extension)
    yield _ANSWERS, lambda: transfers.takes_consultation(call, extension, "")
    yield _ASKS, lambda: transfers.hands_over(call, who, "")
    yield _TALKS, lambda: _first_hangs_up(call)


def parked(call: Conversation, parker: Channel) -> Iterator[Step]:
    """AMI Park: the phone that parked hears the space, and fetches the caller later."""
    who = who_is(call, parker)
    yield 0.0, lambda: transfers.is_parked_by(call, parker)
    yield _HEARS_SPACE, lambda: transfers.leaves(call, who, "")
    yield _PARKED, lambda: transfers.picks_up(call, who, "")
    yield _TALKS, lambda: _first_hangs_up(call)


def originated(call: Conversation, number: str, said: Callable[[], None]) -> Iterator[Step]:
    """AMI Originate: our phone is picked up, `said` is sent, the number is dialled and answers."""
    yield 2.0, lambda: outbound.pick_up_originated(call, number)
    yield 0.0, said
    if number in call.exchange.cast.people:
        yield 0.0, lambda: inbound.rings(call, number)
        yield _ANSWERS, lambda: inbound.answers(call, number)
    else:
        yield 0.0, lambda: _dial_out(call, number)
        yield 1.0, lambda: call.exchange.set_state(call.legs["outside"], RINGING)
        yield _ANSWERS, lambda: inbound.answers(call, "outside")
    yield _TALKS, lambda: _first_hangs_up(call)


def _dial_out(call: Conversation, number: str) -> None:
    outbound.dial_out(call, number)


def _answered(call: Conversation, extension: str) -> Iterator[Step]:
    yield _ANSWERS, lambda: inbound.answers(call, extension)
    yield _TALKS, lambda: _first_hangs_up(call)


def _first_hangs_up(call: Conversation) -> None:
    call.hang_up(who_is(call, call.lead))
