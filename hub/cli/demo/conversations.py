"""What clients of the demo shop wrote on the last days of its week: two wait for an answer, one has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from hub.cli.demo.history import PastCall
from hub.events.messages import MessageReceived, MessageSentElsewhere

OURS = "+380441230000"
"""The number of the practice Twilio: an answer to them leaves by it."""
_ASKED = (
    "Дякую за розмову. Підкажіть, скільки коштуватиме заміна мастила разом із фільтром?",
    "Авто вже готове? Можу забрати після шостої?",
    "Буду завтра о 9:00, ключі залишу на стійці.",
)
_ANSWERED = "Добре, чекаємо."
_THOUGHT = timedelta(minutes=12)
"""Between a talk and what somebody writes after it, and between that and our answer."""


def past_messages(
    history: Sequence[PastCall], mobiles: frozenset[str]
) -> Iterator[MessageReceived | MessageSentElsewhere]:
    """By SMS, each after the last talk with one of these numbers."""
    last = {
        past.call.from_number: past.call.ended_at
        for past in history
        if past.call.result == "answered" and past.call.from_number in mobiles
    }
    talks = sorted((ended, number) for number, ended in last.items() if number and ended)
    for place, ((ended, number), text) in enumerate(zip(talks[-len(_ASKED) :], _ASKED, strict=True)):
        at = ended + _THOUGHT
        yield MessageReceived(
            channel="sms", account=OURS, address=number, provider_id=f"demo-{place}", text=text, written_at=at
        )
        if text == _ASKED[-1]:
            yield MessageSentElsewhere(
                channel="sms", account=OURS, address=number, provider_id="demo-answer", text=_ANSWERED,
                written_at=at + _THOUGHT,
            )  # fmt: skip
