"""Numbers that not everybody is to read: all of a phone number but its end, card numbers altogether."""

from __future__ import annotations

import re

_SHOWN = 4
_FEWEST_DIGITS = 7
_CARD = "[card]"
# A run of digits as people write numbers: separated by at most two of the usual signs, not inside a word.
_RUN = re.compile(r"(?<![\w.:])\+?\d(?:[ \u00a0().\-/]{0,2}\d){6,24}(?!\w)")
_NO_NUMBER = re.compile(r"\d{4}-\d\d-\d\d(?!\d)|\d{1,3}(?:\.\d{1,3}){3}$")
"""A day, and an address on the network: digits that call nobody."""


def masked_number(number: str) -> str:
    """`+380501234567` as `•••4567`; what has too few digits to call anybody stays as it is."""
    digits = [c for c in number if c.isdecimal()]
    return "•••" + "".join(digits[-_SHOWN:]) if len(digits) >= _FEWEST_DIGITS else number


def without_numbers(text: str) -> str:
    """A text in which no number could be dialled or charged: phone numbers masked, cards gone."""
    return _RUN.sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    if _NO_NUMBER.match(found[0]):
        return found[0]
    digits = [int(c) for c in found[0] if c.isdecimal()]
    if 13 <= len(digits) <= 19 and not found[0].startswith("+") and _is_card(digits):
        return _CARD
    return masked_number(found[0])


def _is_card(digits: list[int]) -> bool:
    """Luhn's check sum, which every payment card has."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
