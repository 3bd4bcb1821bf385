"""What Twilio's error codes mean to a shop, and whether the address takes nothing of us any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`text` for a person; `is_blocked`: sending to this address again is in vain."""

    text: str
    is_blocked: bool = False


FAULTS: Mapping[str, Fault] = {
    "21211": Fault("This is no phone number.", is_blocked=True),
    "21217": Fault("This is no phone number.", is_blocked=True),
    "21408": Fault("The Twilio account may not send to this country: allow it at Twilio."),
    "21602": Fault("The message has no text."),
    "21603": Fault("HUB_TWILIO__FROM_NUMBER is not set."),
    "21606": Fault("HUB_TWILIO__FROM_NUMBER is not a sender of this Twilio account."),
    "21610": Fault("The receiver has stopped messages of this number.", is_blocked=True),
    "21612": Fault("Twilio knows no way from our sender to this number."),
    "21614": Fault("This number takes no SMS: it is no mobile.", is_blocked=True),
    "21617": Fault("The message is too long."),
    "21659": Fault("HUB_TWILIO__FROM_NUMBER is not a sender of this Twilio account."),
    "21660": Fault("HUB_TWILIO__FROM_NUMBER is not a sender of this Twilio account."),
    "30003": Fault("The phone was off or out of reach."),
    "30004": Fault("The receiver or his operator blocks our messages.", is_blocked=True),
    "30005": Fault("This number does not exist.", is_blocked=True),
    "30006": Fault("This number takes no SMS: a landline, or no way to its operator.", is_blocked=True),
    "30007": Fault("An operator took the message for advertising and held it back."),
    "30008": Fault("It was not delivered, and nobody says why."),
    "30034": Fault("The sender is not registered with the operators: register it at Twilio."),
}
WAITING: frozenset[str] = frozenset({"20429", "14107", "21611", "30001", "30022", "63038"})
"""Too many, or its queue is full: it may be sent later."""


def fault_of(code: str) -> Fault:
    """Also of codes that nobody here has met."""
    known = FAULTS.get(code)
    if known is not None:
        return known
    shown = code[:10] if code.isascii() and code.isalnum() else ""
    return Fault(f"Twilio could not deliver it (code {shown})." if shown else "Twilio could not deliver it.")
