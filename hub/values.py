"""Values of the field: validated, immutable, compared by what they mean.

`phonenumbers` is the one library used here: number plans are data that change every month, and
a table of our own would be wrong by the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal, NewType

import phonenumbers

CallId = NewType("CallId", str)
ShopId = NewType("ShopId", str)

_WITHHELD = frozenset({"", "anonymous", "unknown", "<unknown>", "unavailable", "restricted", "private"})
_NOT_DIGIT = re.compile(r"\D+")
_LOOK_ALIKE = str.maketrans("АВЕІКМНОРСТХУ", "ABEIKMHOPCTXY")
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_LOOK_ALIKE = str.maketrans("АВЕКМНРСТХУ", "ABEKMHPCTXY")


def is_withheld(raw: str | None) -> bool:
    """Whether the PBX said that the caller hides the number (`anonymous`, `<unknown>`, empty)."""
    return raw is None or raw.strip().lower() in _WITHHELD


@lru_cache(maxsize=65536)
def normalise_number(raw: str, country: str) -> str | None:
    """A number as product.md wants it: E.164 by the shop's country, else as `+` and the digits,
    else as received; None when withheld. `country` is ISO 3166 alpha-2."""
    text = raw.strip()
    if is_withheld(text):
        return None
    number = PhoneNumber.parse(text, country)
    return str(number) if number is not None else text


@dataclass(frozen=True, slots=True, order=True)
class PhoneNumber:
    """A number of the public network in E.164, `+380501234567`."""

    e164: str

    @classmethod
    def parse(cls, raw: str, country: str) -> PhoneNumber | None:
        """The number in any writing, or None where the number plan knows no such number."""
        e164 = _parse(raw, country)
        return cls(e164) if e164 is not None else None

    @property
    def international(self) -> str:
        """For people: `+380 50 123 4567`."""
        return _international(self.e164)

    def __str__(self) -> str:
        return self.e164


@lru_cache(maxsize=65536)
def _parse(raw: str, country: str) -> str | None:
    for text, region in ((raw, country), ("+" + _NOT_DIGIT.sub("", raw), None)):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


@lru_cache(maxsize=65536)
def _international(e164: str) -> str:
    """A list shows the same numbers again and again, several times in a row."""
    return phonenumbers.format_number(
        phonenumbers.parse(e164, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )


DestinationKind = Literal["ordinary", "free", "premium", "satellite", "special"]
"""`premium`: the called earns; `satellite`: no country's; `special`: pagers, personal numbers, mailboxes."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a number leads that somebody wants to dial. `region`: ISO 3166, `001` for no country's."""

    e164: str
    region: str
    kind: DestinationKind
    national: str
    """As it is dialled within its country, `0501234567`."""


def destination(text: str, country: str) -> Destination | None:
    """Of digits with or without a leading `+`, read in this country alone: one reading, which is also the
    one that is dialled. None where the number plan knows no such number."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    region = phonenumbers.region_code_for_number(number) or "001"
    kind = _KINDS.get(phonenumbers.number_type(number), "special")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return Destination(e164, region, "satellite" if region == "001" else kind, _NOT_DIGIT.sub("", national))


def is_landline(number: str) -> bool:
    """Whether an E.164 number certainly takes no text: a fixed line by the country's plan."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE


def may_be_mobile(number: str) -> bool:
    """Whether an E.164 number may be a mobile's by the country's plan: what texts by themselves go to."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.number_type(parsed) in kinds


_TYPES = phonenumbers.PhoneNumberType
_KINDS: dict[int, DestinationKind] = {
    _TYPES.FIXED_LINE: "ordinary", _TYPES.MOBILE: "ordinary", _TYPES.FIXED_LINE_OR_MOBILE: "ordinary",
    _TYPES.VOIP: "ordinary", _TYPES.UAN: "ordinary", _TYPES.TOLL_FREE: "free",
    _TYPES.PREMIUM_RATE: "premium", _TYPES.SHARED_COST: "premium",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plate:
    """A registration plate; equal across Cyrillic and Latin look-alikes, case and spaces."""

    text: str

    @property
    def key(self) -> str:
        """What two writings of one plate share: `АА 1234 вв` and `AA1234BB` give `AA1234BB`."""
        return "".join(c for c in self.text.upper().translate(_LOOK_ALIKE) if c.isalnum())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plate) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Vin:
    """A vehicle identification number: 17 characters without I, O and Q (ISO 3779)."""

    text: str

    @classmethod
    def parse(cls, raw: str) -> Vin | None:
        """Cyrillic look-alikes and spaces are mended; None where it cannot be a VIN."""
        text = "".join(raw.split()).upper().translate(_VIN_LOOK_ALIKE)
        return cls(text) if _VIN.fullmatch(text) else None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in the currency's minor units; decimal strings outside, half up when rounding."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str, digits: int = 2) -> Money:
        """From a decimal string (`"108.02"`). Raises ValueError for anything else."""
        try:
            amount = Decimal(text)
        except ArithmeticError as error:
            raise ValueError(f"not an amount: {text!r}") from error
        if not amount.is_finite():
            raise ValueError(f"not an amount: {text!r}")
        scaled = (amount * 10**digits).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(int(scaled), currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def times(self, factor: Decimal) -> Money:
        """Multiplied and rounded half up: one line of a document."""
        product = (self.minor * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return Money(int(product), self.currency)

    def decimal(self, digits: int = 2) -> str:
        """`10802` gives `"108.02"`."""
        return str(Decimal(self.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits)))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
