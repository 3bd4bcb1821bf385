"""Pure rules of crm: what makes two numbers one, what a search text may mean, who owns a car."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import phonenumbers

from hub.values import PhoneNumber, Plate, Vin, is_withheld

NumberKind = Literal["public", "digits", "internal", "text", "withheld"]
"""`public`: a number of the public network; `digits`: no number plan knows it, kept as dialled;
`internal`: an extension or a short code; `text`: an alphanumeric sender; `withheld`. Only the
first two ever match a client."""

LONGEST_INTERNAL = 6
LONGEST_NUMBER = 64
LONGEST_SEARCH = 200
_PLAIN = re.compile(r"[\d\s()./\\+*#,;‐‑–—−-]*")
_SPLIT = re.compile(r"[^\w]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´\"«»"))
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


@lru_cache(maxsize=65536)
def number_key(raw: str, country: str) -> str | None:
    """What all writings of one number share: E.164, else its digits; None where it can identify
    nobody (an extension, a short code, a name, a withheld number)."""
    return _classify(raw, country)[1]


def number_kind(raw: str | None, country: str) -> NumberKind:
    """What sort of thing a caller's number is: the last four are kinds, not mistakes."""
    return "withheld" if raw is None else _classify(raw, country)[0]


@lru_cache(maxsize=65536)
def _classify(raw: str, country: str) -> tuple[NumberKind, str | None]:
    text = raw.strip()[:LONGEST_NUMBER]
    if is_withheld(text):
        return "withheld", None
    if not _PLAIN.fullmatch(text):
        return _lettered(text, country)
    digits = _digits(text)
    if len(digits) <= LONGEST_INTERNAL:
        return ("internal" if digits else "text"), None
    e164 = _public(text, digits, country)
    return ("public", e164) if e164 is not None else ("digits", digits)


def _digits(text: str) -> str:
    """Decimal digits of any script, as ASCII."""
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def _lettered(text: str, country: str) -> tuple[NumberKind, str | None]:
    """`tel:+380…`, `sip:+380…@operator` and `+380… ext. 12` are numbers, `KYIVSTAR` is not."""
    bare = re.sub(r"(?i)^(tel|sips?):", "", text).partition("@")[0].partition(";")[0]
    bare = re.sub(r"(?i)\s*(ext|доб|дод|вн)\.?\s*\d+$", "", bare).strip()
    if bare != text and _PLAIN.fullmatch(bare):
        return _classify(bare, country)
    return "text", None


def _public(text: str, digits: str, country: str) -> str | None:
    """By the shop's country; then as written by old habits (`8-050-…`, a lost plus, `00…`)."""
    parsed = PhoneNumber.parse(text, country) or PhoneNumber.parse(digits, country)
    if parsed is None and digits.startswith("80") and len(digits) == 11:
        parsed = PhoneNumber.parse(digits[1:], country)
    if parsed is None and digits.startswith("00"):
        parsed = PhoneNumber.parse("+" + digits[2:], country)
    return parsed.e164 if parsed is not None else None


def number_tail(key: str) -> str:
    """The digits backwards: a search for the last digits becomes "begins with"."""
    return key.lstrip("+")[::-1]


@lru_cache(maxsize=16)
def number_starts(digits: str, country: str) -> tuple[str, ...]:
    """How keys of numbers begin whose first digits somebody is typing: `0501` gives `+380501`."""
    code = str(phonenumbers.country_code_for_region(country))
    starts = ["+" + digits]
    if digits.startswith("0"):
        starts.append("+" + code + digits.lstrip("0"))
    return tuple(starts)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """For comparing what people type: no case, no accents on Latin letters, `ё` as `е`, no
    apostrophes (`Мар'яна` is found as `марʼяна`)."""
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold().replace("ё", "е")
    kept = []
    for char in plain:
        parts = unicodedata.normalize("NFD", char)
        kept.append(char if _CYRILLIC.match(parts) else parts[0])
    return "".join(kept)


def words(text: str) -> tuple[str, ...]:
    """The folded words of a name, each once, in order; bounded for hostile input."""
    found = (word[:64] for word in _SPLIT.split(fold(text[:1000])) if word)
    return tuple(dict.fromkeys(found))[:16]


def name_key(name: str) -> str:
    """The folded name with a space before each word, so that ` beginning` finds any word of it."""
    return "".join(f" {word}" for word in words(name))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a text of the one search box may mean; an empty part means: certainly not that."""

    words: tuple[str, ...]
    number: str | None
    digits: str
    plate: str
    vin: str


def wanted(text: str, country: str) -> Wanted:
    """Read a search text: a name, a phone in any writing or its last digits, a plate, a VIN."""
    text = text[:LONGEST_SEARCH].strip()
    is_number = bool(text) and _PLAIN.fullmatch(text) is not None
    digits = _digits(text) if is_number else ""
    code = Plate(text).key
    has_digit = code.isascii() and any(c.isdigit() for c in code)
    longest_plate, longest_vin = (6, 8) if is_number else (12, 17)
    vin = Vin.parse(text)
    return Wanted(
        words=() if is_number else words(text),
        number=number_key(text, country) if is_number else None,
        digits=digits if len(digits) >= 3 else "",
        plate=code if 3 <= len(code) <= longest_plate else "",
        vin=vin.text if vin is not None else (code if has_digit and 5 <= len(code) <= longest_vin else ""),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A time of owning: from `since` (None: always) to the day before `until` (None: still)."""

    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether the car was theirs on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def overlap(spans: Iterable[Span]) -> bool:
    """Whether two of the spans share a day: a car has one owner at a time."""
    ordered = sorted(spans, key=lambda span: span.since or date.min)
    return any(
        first.until is None or first.until > (second.since or date.min) for first, second in pairwise(ordered)
    )
