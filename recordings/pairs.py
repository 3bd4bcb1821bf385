"""Two files of one talk: what the PBX received and what it sent (options r and t of MixMonitor). Which files
of a mountain are looked at next: those of one talk together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recordings.spool import Found

_NAMED = re.compile(r"(?P<base>.+)[-_.](?P<side>in|rx|r|out|tx|t)(?P<ending>\.wav)", re.IGNORECASE)
_RECEIVED = frozenset({"in", "rx", "r"})


@dataclass(frozen=True, slots=True)
class Piece:
    """What becomes one recording: a file, or one with what was `sent` beside it; `mixed` is the file that has
    both on one channel, which is not needed then."""

    file: Found
    sent: Found | None = None
    mixed: Found | None = None


def pieces(ready: Sequence[Found], present: Sequence[Found]) -> list[Piece]:
    """The files that are complete, pairs together. Half of a pair waits while the other half still grows."""
    complete, there = {one.path: one for one in ready}, {one.path for one in present}
    made: list[Piece] = []
    for one in ready:
        found = _NAMED.fullmatch(one.path)
        if found is None:
            if not _has_pair(one.path, complete):
                made.append(Piece(one))
            continue
        partner = _partner(found, there)
        if partner is None:
            made.append(Piece(one))
        elif found["side"].lower() in _RECEIVED and partner in complete:
            mixed = complete.get(found["base"] + found["ending"])
            made.append(Piece(one, complete[partner], mixed))
    return made


def next_of(files: Sequence[Found], most: int, newest: int, turn: int) -> list[Found]:
    """At most about so many of them: always the newest, so that the calls of this hour wait for no mountain,
    and of the others another stretch at every turn."""
    if len(files) <= most:
        return list(files)
    talks: dict[str, list[Found]] = {}
    for one in sorted(files, key=lambda one: (one.mtime_ns, one.path)):
        found = _NAMED.fullmatch(one.path)
        base = found["base"] + found["ending"] if found is not None else one.path
        talks.setdefault(base, []).append(one)
    groups = list(talks.values())
    older, fresh = groups[:-newest], groups[-newest:]
    begin = turn * (most - newest) % max(1, len(older))
    stretch = (older[begin:] + older[:begin])[: most - newest]
    return [one for group in (*stretch, *fresh) for one in group]


def _partner(found: re.Match[str], there: set[str]) -> str | None:
    sides = ("out", "tx", "t") if found["side"].lower() in _RECEIVED else ("in", "rx", "r")
    names = (
        f"{found['base']}{separator}{side}{found['ending']}"
        for side in sides
        for separator in ("-", "_", ".")
    )
    return next((name for name in names if name in there), None)


def _has_pair(path: str, complete: dict[str, Found]) -> bool:
    """Whether this is the mixed file of a pair that is complete."""
    base, dot, ending = path.rpartition(".")
    for received, sent in (("in", "out"), ("rx", "tx"), ("r", "t")):
        for separator in ("-", "_", "."):
            both = (f"{base}{separator}{side}{dot}{ending}" for side in (received, sent))
            if all(name in complete for name in both):
                return True
    return False
