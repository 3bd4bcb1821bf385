"""What a file is by its first bytes, whatever its name or its sender says. Pure."""

from __future__ import annotations

import re
import unicodedata

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Shown in the page; everything else is only ever downloaded."""
UNKNOWN = "application/octet-stream"
LONGEST_NAME = 120
_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"PK\x03\x04", "application/zip"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def kind_of(data: bytes) -> str:
    """The media type; `application/octet-stream` for what is not known. Never one that a browser runs."""
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    return next((kind for at, sign, kind in _SIGNS if data[at : at + len(sign)] == sign), UNKNOWN)


def clean_name(name: str, fallback: str = "file") -> str:
    """A name that every system takes, and that hides nothing."""
    spaced = " ".join(unicodedata.normalize("NFC", name).split())
    plain = "".join(c for c in spaced if c.isprintable())
    text = _FORBIDDEN.sub("_", plain).strip(" .")
    stem, dot, ending = text.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return text[:LONGEST_NAME] or fallback
