"""What links gives out and takes."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.masking import Dialable, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEntry:
    """A link to be made: of what kind, about which one object, for whom. `text` is what a `confirm` asks;
    `days` (None: as its kind says) how long it is good; `language` (None: the client's own)."""

    kind: str
    object: str
    client_id: str | None = None
    channel: str = ""
    address: Dialable = ""
    text: Words = ""
    language: str | None = None
    days: int | None = None
