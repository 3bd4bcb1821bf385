"""Pure rules of file names: what a name of the spool says of its call. The one place that reads names."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"(?<![0-9.])(\d+)\.\d+(?![0-9])")
"""The end of a Uniqueid or Linkedid: `<seconds>.<count>`; a name of the system may stand before it."""


def last_part(path: str) -> str:
    """The file's own name, whatever machine wrote the path."""
    return path.replace("\\", "/").rpartition("/")[2]


def numbers_in(name: str) -> tuple[str, ...]:
    """What may be the Uniqueids in a name, without the name of a system: `1767596530.12`."""
    return tuple(dict.fromkeys(match[0] for match in _NUMBERS.finditer(last_part(name))))


def seconds_of(number: str) -> int | None:
    """When the channel was born, in seconds of the epoch, where the number can be that."""
    seconds = int(number.partition(".")[0][:12])
    return seconds if 1_000_000_000 <= seconds < 5_000_000_000 else None


def stands_in(uniqueid: str, name: str) -> bool:
    """Whether it stands there as a whole token: `…495.1` is not in `…495.10`, nor in `1…495.1`."""
    if not uniqueid:
        return False
    return re.search(rf"(?<![A-Za-z0-9.]){re.escape(uniqueid)}(?![A-Za-z0-9])", last_part(name)) is not None
