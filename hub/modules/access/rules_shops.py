"""Pure rules of shops: what may be written about one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import get_territory_currencies

from hub.modules.access.rules_map import is_point, map_fault
from hub.modules.access.views import ShopEntry

LANGUAGES = ("en", "ru", "uk")
_LONGEST = {"name": 200, "address": 300}
LONGEST_REQUISITES = 600


def cleaned(entry: ShopEntry) -> ShopEntry:
    """Blanks put right, codes in capitals."""
    return ShopEntry(
        name=" ".join(entry.name.replace("\x00", " ").split()),
        address=" ".join(entry.address.replace("\x00", " ").split()),
        country=entry.country.strip().upper(),
        timezone=entry.timezone.strip(),
        currency=entry.currency.strip().upper(),
        language=entry.language,
        latitude=entry.latitude,
        longitude=entry.longitude,
        requisites=_lines(entry.requisites),
    )


def shop_faults(entry: ShopEntry) -> dict[str, str]:
    """What is wrong, by field (English source texts); of a cleaned entry."""
    faults: dict[str, str] = {}
    if not 0 < len(entry.name) <= _LONGEST["name"]:
        faults["name"] = "Give a name of up to 200 characters."
    if len(entry.address) > _LONGEST["address"]:
        faults["address"] = "Use at most 300 characters."
    if entry.country not in _countries():
        faults["country"] = "There is no such country."
    if entry.timezone not in _zones():
        faults["timezone"] = "There is no such time zone."
    if entry.currency not in _currencies():
        faults["currency"] = "There is no such currency."
    if entry.language not in LANGUAGES:
        faults["language"] = "One of en, ru, uk."
    if len(entry.requisites) > LONGEST_REQUISITES:
        faults["requisites"] = "Use at most 600 characters."
    if not _is_placed(entry):
        faults["map"] = map_fault("")
    return faults


def country_names(language: str) -> list[tuple[str, str]]:
    """Code and name of every country, in the order of the language."""
    names: Mapping[str, str] = Locale.parse(language).territories
    return sorted(
        ((code, name) for code, name in names.items() if code in _countries()),
        key=lambda one: one[1].casefold(),
    )


def currency_names(language: str) -> list[tuple[str, str]]:
    """Code and name of every currency that is in use somewhere; code first, for people look for it."""
    names: Mapping[str, str] = Locale.parse(language).currencies
    return [(code, f"{code} – {names[code]}") for code in sorted(_currencies()) if code in names]


def zone_names() -> list[str]:
    """Every time zone that is called after a place."""
    return sorted(
        name for name in _zones() if "/" in name and not name.startswith(("Etc/", "posix", "right"))
    )


def _lines(text: str) -> str:
    """Without empty lines and needless blanks."""
    lines = (" ".join(line.split()) for line in text.replace("\x00", " ").splitlines())
    return "\n".join(line for line in lines if line)


def _is_placed(entry: ShopEntry) -> bool:
    """On the map, or nowhere; never half."""
    if entry.latitude is None or entry.longitude is None:
        return entry.latitude is entry.longitude
    return is_point(entry.latitude, entry.longitude)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    codes = {str(code) for code in Locale.parse("en").territories}
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRIES


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(str(code) for place in _countries() for code in get_territory_currencies(place))


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})
