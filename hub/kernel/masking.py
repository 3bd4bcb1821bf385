"""Numbers that not everybody is to read: all of a phone number but its end, card numbers altogether.

A view says what in it is a number: a field of type `Dialable` is one, in `Words` (what people write) one may
stand, `Facts` is a tree of both. Whoever lacks the right NUMBERS is given `hidden(view)` instead: the web
admin does that in one place, to whatever a page renders and an operation answers.
"""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

from pydantic import BaseModel

NUMBERS = "numbers.view"
"""The right to read phone numbers whole."""
MASK = "•••"
SHOWN_DIGITS = 4
_MASKED = re.compile(rf"{MASK}\d{{{SHOWN_DIGITS}}}", re.ASCII)
_FEWEST_DIGITS = 7
_CARD = "[card]"
# A run of digits as people write numbers: separated by at most two of the usual signs, not inside a word.
_RUN = re.compile(r"(?<![\w.:])\+?\d(?:[ \u00a0().\-/]{0,2}\d){6,24}(?!\w)")
_NO_NUMBER = re.compile(r"\d{4}-\d\d-\d\d(?!\d)|\d{1,3}(?:\.\d{1,3}){3}$")
"""A day, and an address on the network: digits that call nobody."""
_STORED = re.compile(r"\+\d{8,15}(?!\d)|(?<=^number:)\d{7,15}$")
"""A number as the hub stores it. Sums, part numbers and bar codes never look like this."""
_NAMES_A_NUMBER = re.compile(r"(^|_)(mobile|phone|caller)s?$")
_NAMES_A_THING = re.compile(r"(^|_)(id|ids|at|key|uniqueid)$")


class _Holds(Enum):
    NUMBER = auto()
    WORDS = auto()
    NAME = auto()
    FACTS = auto()


Dialable = Annotated[str, _Holds.NUMBER]
"""A phone number, in any writing (or an extension, which stays)."""
Words = Annotated[str, _Holds.WORDS]
"""What a person or the network wrote: a number may stand in it."""
Named = Annotated[str, _Holds.NAME]
"""What a thing is called by programs: only a number as the hub stores it is hidden in it."""
Facts = Annotated[dict[str, Any], _Holds.FACTS]
"""Data of any shape: every text in it is looked through, but for ids and moments."""

T = TypeVar("T")


def masked_number(number: str) -> str:
    """`+380501234567` as `•••4567`; what has too few digits to call anybody stays as it is."""
    digits = [c for c in number if c.isdecimal()]
    return MASK + "".join(digits[-SHOWN_DIGITS:]) if len(digits) >= _FEWEST_DIGITS else number


def without_numbers(text: str) -> str:
    """A text in which no number could be dialled or charged: phone numbers masked, cards gone."""
    return _RUN.sub(_replace, text)


def without_stored_numbers(text: str) -> str:
    """A text of our own into which a number may have been filled; sums in it stay."""
    return _STORED.sub(lambda found: masked_number(found[0]), text)


def unmasked(typed: str, before: Iterable[str]) -> str:
    """What somebody means who sends masked numbers back in a form: those that stood there `before`, in
    their order. A mask that fits none of them stays, and is no number."""
    if MASK not in typed:
        return typed
    numbers = [number for text in before for number in _numbers_in(text)]

    def whole(found: re.Match[str]) -> str:
        fitting = next((one for one in numbers if masked_number(one) == found[0]), None)
        if fitting is None:
            return found[0]
        numbers.remove(fitting)
        return fitting

    return _MASKED.sub(whole, typed)


def _numbers_in(text: str) -> list[str]:
    return _RUN.findall(text) if any(c.isalpha() for c in text) else [text]


def hidden(value: T, typed: Collection[str] = ()) -> T:
    """The same view (or a list, a mapping, a model of them) with every number masked. `typed` is what the
    viewer has just written: that may be shown again."""
    return cast("T", _Hiding(typed).of(value, None))


@dataclasses.dataclass(frozen=True, slots=True)
class _Hiding:
    typed: Collection[str]

    def of(self, value: Any, holds: _Holds | None) -> Any:
        if isinstance(value, str):
            return value if holds is None or hasattr(value, "__html__") else self._text(value, holds)
        if isinstance(value, BaseModel):
            changed = self._changed(value, type(value).model_fields, holds)
            return value.model_copy(update=changed) if changed else value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value, holds)
        if isinstance(value, Mapping):
            return {key: self.of(one, _holds_by_name(key, holds)) for key, one in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.of(one, holds) for one in value))
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self.of(one, holds) for one in value)
        return value

    def _text(self, text: str, holds: _Holds) -> str:
        if text in self.typed:
            return text
        if holds is _Holds.NUMBER:
            return masked_number(text)
        return without_stored_numbers(text) if holds is _Holds.NAME else without_numbers(text)

    def _dataclass(self, value: Any, holds: _Holds | None) -> Any:
        changed = self._changed(value, [one.name for one in dataclasses.fields(value)], holds)
        if not changed:
            return value
        twin = copy.copy(value)
        for name, one in changed.items():
            object.__setattr__(twin, name, one)
        return twin

    def _changed(self, value: Any, names: Iterable[str], holds: _Holds | None) -> dict[str, Any]:
        kind: Any = type(value)
        marks, changed = marks_of(kind), dict[str, Any]()
        for name in names:
            before = getattr(value, name)
            after = self.of(before, marks.get(name, holds))
            if after is not before and after != before:
                changed[name] = after
        return changed


@lru_cache(maxsize=1024)
def marks_of(kind: Any) -> Mapping[str, Any]:
    """Field -> what it holds, of a class of views; {} of one whose types cannot be read outside a checker."""
    try:
        hints = get_type_hints(kind, include_extras=True)
    except NameError:
        return {}
    return {name: mark for name, hint in hints.items() if (mark := _mark(hint)) is not None}


def _mark(hint: Any) -> _Holds | None:
    found = (one for one in getattr(hint, "__metadata__", ()) if isinstance(one, _Holds))
    return next(found, None) or next((mark for one in get_args(hint) if (mark := _mark(one))), None)


def _holds_by_name(key: object, holds: _Holds | None) -> _Holds | None:
    """Of a mapping's value: forms are filled from mappings, and facts are mappings of any shape."""
    if holds is _Holds.FACTS:
        return _Holds.NAME if _NAMES_A_THING.search(str(key)) else holds
    return _Holds.NUMBER if holds is None and _NAMES_A_NUMBER.search(str(key)) else holds


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
