"""How a text is cut into the parts of an SMS, which are what is paid for: GSM 03.38 and 03.40. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
BASIC, EXTENSION = frozenset(_BASIC), frozenset(_EXTENSION)
SINGLE: dict[Encoding, int] = {"gsm7": 160, "ucs2": 70}
"""Units (septets, 16-bit words) of a text that fits into one."""
JOINED: dict[Encoding, int] = {"gsm7": 153, "ucs2": 67}
"""Of each of several, beside the header that joins them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCount:
    """`left`: units that still fit into the last part. `odd` are the characters that make it Unicode."""

    encoding: Encoding
    units: int
    parts: int
    left: int
    odd: str


def sms_count(text: str) -> SmsCount:
    """How many parts a text makes. A character of two units is never cut in two."""
    odd = "".join(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    encoding: Encoding = "ucs2" if odd else "gsm7"
    sizes = [_size(c, encoding) for c in text]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return SmsCount(
            encoding=encoding, units=units, parts=1 if text else 0, left=SINGLE[encoding] - units, odd=odd
        )
    room, parts, used = JOINED[encoding], 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return SmsCount(encoding=encoding, units=units, parts=parts, left=room - used, odd=odd)


def dear_signs(text: str) -> str:
    """Signs without which a text would be fewer parts: a dash or a quotation mark in the midst of Latin
    letters. Never letters: nobody writes Ukrainian without them."""
    counted = sms_count(text)
    if not counted.odd or any(sign.isalpha() for sign in counted.odd):
        return ""
    plain = "".join(c for c in text if c not in counted.odd)
    return counted.odd if sms_count(plain).parts < counted.parts else ""


def sms_price(parts: int, price: float) -> str | None:
    """What so many parts cost, `"1.60"`; None where no price is set."""
    if price <= 0:
        return None
    return str((Decimal(str(price)) * parts).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _size(character: str, encoding: Encoding) -> int:
    if encoding == "ucs2":
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in EXTENSION else 1
