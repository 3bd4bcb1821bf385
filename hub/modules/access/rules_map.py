"""A shop's point on the map: what people paste (two numbers, a map's link), the link for clients. Pure."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, unquote, urlsplit

LONGEST = 2000
_NUMBER = r"[-+]?\d{1,3}(?:\.\d{1,20})?"
_DOTS = re.compile(rf"\(?\s*({_NUMBER})°?\s*[,; ]\s*({_NUMBER})°?\s*\)?")
_COMMAS = re.compile(r"([-+]?\d{1,3},\d{1,20})\s*(?:;|,? )\s*([-+]?\d{1,3},\d{1,20})")
_PIN = re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})")
_VIEW = re.compile(rf"/@({_NUMBER}),({_NUMBER})")
_OPEN = re.compile(rf"map=\d{{1,2}}(?:\.\d+)?/({_NUMBER})/({_NUMBER})")
_GEO = re.compile(rf"geo:({_NUMBER}),({_NUMBER})(?:[;?].*)?", re.IGNORECASE)
_ASKED = ("q", "query", "destination", "daddr", "ll", "center", "sll")
_SHORT = ("goo.gl", "maps.app.goo.gl", "g.co", "waze.to", "surl.li", "bit.ly")
Point = tuple[float, float]


def point_in(text: str) -> Point | None:
    """Latitude and longitude in degrees, of what was pasted; None: there is no point in it."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    return _typed(text) or (_linked(text) if ":" in text else None)


def map_fault(text: str) -> str:
    """Why there is no point in it (an English source text)."""
    host = _host(text.strip())
    if any(host == one or host.endswith("." + one) for one in _SHORT):
        return "A short link does not say where it is. Open it, and copy the long address of the page."
    return "Paste a map’s link, or latitude and longitude in degrees: 50.4501, 30.5234."


def is_point(latitude: float, longitude: float) -> bool:
    """Whether there is such a place."""
    finite = math.isfinite(latitude) and math.isfinite(longitude)
    return finite and abs(latitude) <= 90 and abs(longitude) <= 180


def show_point(latitude: float | None, longitude: float | None) -> str:
    """As it is typed; empty without one."""
    return f"{latitude:.6f}, {longitude:.6f}" if latitude is not None and longitude is not None else ""


def map_link(latitude: float | None, longitude: float | None) -> str:
    """For whoever gets no pin, by SMS or e-mail; empty without a point."""
    if latitude is None or longitude is None:
        return ""
    return f"https://maps.google.com/?q={latitude:.6f},{longitude:.6f}"


def _typed(text: str) -> Point | None:
    found = _DOTS.fullmatch(text)
    if found is not None:
        return _point(found[1], found[2])
    found = _COMMAS.fullmatch(text)
    if found is None:
        return None
    return _point(found[1].replace(",", "."), found[2].replace(",", "."))


def _linked(text: str) -> Point | None:
    """The pin before what merely happened to be in view."""
    found = _GEO.fullmatch(text)
    if found is not None:
        return _point(found[1], found[2])
    try:
        parts = urlsplit(text)
        asked = parse_qs(parts.query)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    if "mlat" in asked and "mlon" in asked:
        return _point(asked["mlat"][0], asked["mlon"][0])
    path = unquote(parts.path)
    if pin := _PIN.findall(path):
        return _point(*pin[-1])
    is_turned = "yandex." in (parts.hostname or "")
    for name in ("pt", *_ASKED) if is_turned else _ASKED:
        pair = _DOTS.fullmatch(asked.get(name, [""])[0].removeprefix("loc:").partition("~")[0])
        if pair is not None:
            return _point(pair[2], pair[1]) if is_turned else _point(pair[1], pair[2])
    seen = _VIEW.search(path) or _OPEN.search(parts.fragment)
    return _point(seen[1], seen[2]) if seen is not None else None


def _point(latitude: str, longitude: str) -> Point | None:
    try:
        found = (float(latitude), float(longitude))
    except ValueError:
        return None
    return found if is_point(*found) else None


def _host(text: str) -> str:
    try:
        return (urlsplit(text).hostname or "").lower()
    except ValueError:
        return ""
