"""The names that our own channels bear, so that every event and every picture of the PBX says which order
of ours began them: `pitline-c-<command>-<seconds>.1`. The Linkedid of such a call is the same text, and its
end is like that of the PBX's own names, by which calls are dated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["c", "l"]
"""`c` a call, `l` somebody who listens in: no call."""

_MARK = re.compile(r"pitline-([cl])-([0-9a-z]{8,40})-([0-9]{9,11})\.1")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a channel's name says of the order."""

    purpose: Purpose
    command_id: str
    channel_id: str


def channel_id(purpose: Purpose, command_id: str, seconds: float) -> str:
    """The name of a channel that an order begins; `seconds` is now, since 1970."""
    return f"pitline-{purpose}-{command_id}-{int(seconds)}.1"


def mark_of(text: str) -> Mark | None:
    """The mark in a Uniqueid or an ActionID; None for what is not ours."""
    if "pitline-" not in text:
        return None
    found = _MARK.search(text)
    if found is None:
        return None
    return Mark("l" if found[1] == "l" else "c", found[2], found[0])
