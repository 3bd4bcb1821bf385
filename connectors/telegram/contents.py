"""What stands in a message of Telegram's: words, files, a place, a contact. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hub.events.messages import Attached, Place

LARGEST_FETCHED = 20 * 1024 * 1024
"""Bytes that the Bot API gives out."""
_FILES = {
    "document": "application/octet-stream", "animation": "video/mp4", "video": "video/mp4",
    "video_note": "video/mp4", "audio": "audio/mpeg", "voice": "audio/ogg",
}  # fmt: skip
_UNSHOWN = (
    "poll", "game", "invoice", "story", "paid_media", "giveaway", "giveaway_winners", "checklist", "gift",
    "unique_gift", "successful_payment",
)  # fmt: skip
"""What people send and we can show by its name only."""
_DIGITS = re.compile(r"\+?[0-9]{6,15}")


def clean(text: str) -> str:
    """What every database takes."""
    return text.replace("\x00", "�").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text_of(body: Mapping[str, Any]) -> str:
    """The words; of what has none, what it is."""
    for name in ("text", "caption"):
        found = body.get(name)
        if isinstance(found, str) and found:
            return clean(found)
    for name, words in (("contact", _card), ("venue", _venue), ("sticker", _emoji), ("dice", _emoji)):
        found = body.get(name)
        if isinstance(found, dict):
            return clean(words(found)) or f"[{name}]"
    return next((f"[{name}]" for name in _UNSHOWN if name in body), "")


def attachments_of(body: Mapping[str, Any]) -> tuple[Attached, ...]:
    """The file that came with it: Telegram sends one a message."""
    sizes = body.get("photo")
    if isinstance(sizes, list):
        photos = [one for one in sizes if isinstance(one, dict)]
        fitting = [one for one in photos if (_size(one) or 0) <= LARGEST_FETCHED] or photos
        largest = max(fitting, key=lambda one: (_size(one) or 0, _edge(one)), default=None)
        return _attached(largest, "image/jpeg", "") if largest is not None else ()
    for name, kind in _FILES.items():
        found = body.get(name)
        if isinstance(found, dict):
            return _attached(found, kind, "")
    sticker = body.get("sticker")
    if isinstance(sticker, dict) and not sticker.get("is_animated") and not sticker.get("is_video"):
        return _attached(sticker, "image/webp", "")
    return ()


def place_of(body: Mapping[str, Any]) -> Place | None:
    """A point on the map, of a live one where it was first."""
    found = body.get("location")
    if not isinstance(found, dict):
        return None
    latitude, longitude = found.get("latitude"), found.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Place(latitude=float(latitude), longitude=float(longitude))


def contact_of(body: Mapping[str, Any], writer_id: int | None) -> str | None:
    """The number that the writer has shared as their own, in E.164. A card of somebody else, and one that was
    passed on, proves nothing."""
    card = body.get("contact")
    if not isinstance(card, dict) or writer_id is None or "forward_origin" in body:
        return None
    number, owner = card.get("phone_number"), card.get("user_id")
    if type(owner) is not int or owner != writer_id or not isinstance(number, str):
        return None
    bare = re.sub(r"[\s()-]", "", number)
    return "+" + bare.removeprefix("+") if _DIGITS.fullmatch(bare) else None


def _attached(found: Mapping[str, Any], kind: str, name: str) -> tuple[Attached, ...]:
    ref = found.get("file_id")
    if not isinstance(ref, str) or not ref:
        return ()
    said, named = found.get("mime_type"), found.get("file_name")
    return (
        Attached(
            ref=clean(ref)[:500],
            content_type=clean(said)[:100] if isinstance(said, str) and said else kind,
            name=clean(named)[:200] if isinstance(named, str) else name,
            size=_size(found),
        ),
    )


def _size(found: Mapping[str, Any]) -> int | None:
    size = found.get("file_size")
    return size if type(size) is int and 0 <= size < 2**53 else None


def _edge(found: Mapping[str, Any]) -> int:
    width = found.get("width")
    return width if type(width) is int else 0


def _card(found: Mapping[str, Any]) -> str:
    parts = (found.get("first_name"), found.get("last_name"), found.get("phone_number"))
    return " ".join(str(one) for one in parts if isinstance(one, str) and one)


def _venue(found: Mapping[str, Any]) -> str:
    return "\n".join(str(one) for one in (found.get("title"), found.get("address")) if isinstance(one, str))


def _emoji(found: Mapping[str, Any]) -> str:
    emoji, value = found.get("emoji"), found.get("value")
    return f"{emoji} {value}" if isinstance(emoji, str) and type(value) is int else str(emoji or "")
