"""The gate that every number passes before anything dials it (toll fraud): pure, no tables, no clock.

What passes is dialled as the gate read it, never as it was typed: so no `&`, `,`, `@`, no second number and
no digit of another script can reach the PBX.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from hub.errors import HubError, Invalid, NotAllowed
from hub.modules.dialling.rules_settings import DialSettings, NumberFormat, RoleRule
from hub.values import destination

TargetKind = Literal["colleague", "emergency", "outside"]

# Digits of ASCII alone: `str.isdigit` and `\d` take those of every script.
_WRITING = re.compile(r"\+?[0-9(][0-9 ()./\u00a0\u2010-\u2013-]{0,30}")
_NOT_DIGITS = re.compile(r"[^0-9]")
_SHORTEST = 7
_EVERYWHERE = frozenset({"112"})
_EMERGENCY = {
    "UA": frozenset({"101", "102", "103", "104"}),
    "PL": frozenset({"997", "998", "999"}),
    "US": frozenset({"911"}),
    "CA": frozenset({"911"}),
    "GB": frozenset({"999"}),
    "KZ": frozenset({"101", "102", "103", "104"}),
    "MD": frozenset({"901", "902", "903"}),
    "DE": frozenset({"110"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What may be dialled: `number` E.164 (an extension, an emergency number), `digits` as the PBX is
    given it."""

    kind: TargetKind
    number: str
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who wants to dial, as far as the gate cares. `is_person`: not a program."""

    country: str
    rule: RoleRule
    colleagues: Collection[str]
    is_person: bool


def admit(text: str, who: Who, settings: DialSettings, number_format: NumberFormat) -> Target:
    """What will be dialled. Raises Invalid for what is no number, NotAllowed for one that may not be."""
    text = text.strip(" \u00a0\u200e\u202a\u202c")
    if not _WRITING.fullmatch(text):
        raise Invalid(
            "dial.not_a_number", "This is not a telephone number.",
            "One number, of digits, spaces and brackets, with or without a + in front.",
            fields={"number": "This is not a telephone number."},
        )  # fmt: skip
    digits = _NOT_DIGITS.sub("", text)
    plain = f"+{digits}" if text.startswith("+") else digits
    if plain in who.colleagues:
        return Target(kind="colleague", number=plain, digits=plain)
    if plain in _EVERYWHERE or plain in _EMERGENCY.get(who.country, ()):
        if not who.is_person:
            raise _refused(
                "dial.emergency_by_hand",
                "Programs do not dial emergency numbers.",
                "Take a phone and dial it.",
            )
        return Target(kind="emergency", number=plain, digits=plain)
    if len(digits) < _SHORTEST:
        raise _refused(
            "dial.short", "Short numbers are not dialled from the screen.",
            "A colleague’s extension is, and the emergency numbers. Dial this one on the phone.",
        )  # fmt: skip
    return _outside(plain, who, settings, number_format)


def _outside(plain: str, who: Who, settings: DialSettings, number_format: NumberFormat) -> Target:
    found = destination(plain, who.country)
    if found is None:
        raise Invalid(
            "dial.unknown_number", "There is no such number.",
            "Count its digits; a number abroad begins with + and the country’s code.",
            fields={"number": "There is no such number."},
        )  # fmt: skip
    if _begins(found.e164, settings.blocked):
        raise _refused(
            "dial.blocked",
            "This number is blocked here.",
            "The owner can change that in the settings, under Calling out.",
        )
    target = Target(
        kind="outside",
        number=found.e164,
        digits=_digits(found.e164, found.region, found.national, who, number_format),
    )
    if _begins(found.e164, who.rule.prefixes):
        return target
    if found.kind in ("premium", "special"):
        raise _refused(
            "dial.premium", "Numbers that cost extra are not dialled from the screen.",
            "The owner can allow this beginning in the settings, under Calling out.",
        )  # fmt: skip
    if found.kind == "satellite":
        raise _refused(
            "dial.satellite", "Satellite and international service numbers are not dialled from the screen.",
            "The owner can allow this beginning in the settings, under Calling out.",
        )  # fmt: skip
    if found.region != who.country and found.region not in who.rule.countries:
        raise _refused(
            "dial.abroad", "Numbers of this country are not dialled from here.",
            "The owner can allow the country for your role in the settings, under Calling out.",
        )  # fmt: skip
    return target


def _digits(e164: str, region: str, national: str, who: Who, number_format: NumberFormat) -> str:
    if number_format == "plus":
        return e164
    if number_format == "digits":
        return e164[1:]
    return national if region == who.country else f"00{e164[1:]}"


def _begins(e164: str, beginnings: Collection[str]) -> bool:
    return any(e164.startswith(one) for one in beginnings)


def _refused(code: str, text: str, hint: str) -> HubError:
    return NotAllowed(code, text, hint)
