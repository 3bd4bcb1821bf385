"""The chain of the audit log: what is hashed of an entry, and whether a row of entries is whole. Pure.

Each entry holds the hash of the one before it, and its own: SHA-256 over that hash and everything that the
entry says. Whoever changes, takes away, puts in or re-orders one breaks the chain at that place; whoever
cuts entries off at the end must also change the head, which stands apart and is logged every hour.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEGINNING = "0" * 64
FIELDS = (
    "seq", "id", "at", "shop_id", "actor", "action", "outcome", "subject", "address", "request_id", "details",
    "previous",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry's number and hash, as noted somewhere else (the head, a line of the log)."""

    seq: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Anchor | None:
        """`1234:9f86d0…` with 64 hexadecimal digits; None for anything else."""
        number, _, digest = text.strip().partition(":")
        if not number.isdecimal() or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            return None
        return cls(int(number), digest)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination of the chain found: the number of good entries, the last good one, and what
    is wrong at the first place that is not (an English sentence), or None."""

    count: int
    last: Anchor
    fault: str | None = None


def hash_of(entry: Mapping[str, Any]) -> str:
    """The hash of an entry with all FIELDS; `at` is an aware moment."""
    moment: datetime = entry["at"]
    content = {name: entry[name] for name in FIELDS} | {
        "at": moment.astimezone(UTC).isoformat(timespec="microseconds")
    }
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def linked(entry: Mapping[str, Any], seq: int, previous: str) -> dict[str, Any]:
    """The entry as the next one of the chain."""
    made = {**entry, "seq": seq, "previous": previous}
    return {**made, "hash": hash_of(made)}


def examine(
    entries: Iterable[Mapping[str, Any]], head: Anchor | None, anchors: Sequence[Anchor] = ()
) -> Verdict:
    """Walk the chain in order of `seq` from its beginning to its head."""
    last, count = Anchor(0, BEGINNING), 0
    noted = {anchor.seq: anchor.hash for anchor in anchors}
    for entry in entries:
        fault = _fault(entry, last) or _unlike(entry, noted)
        if fault is not None:
            return Verdict(count, last, fault)
        last, count = Anchor(int(entry["seq"]), str(entry["hash"])), count + 1
    return Verdict(count, last, _end_fault(last, head, noted))


def _fault(entry: Mapping[str, Any], last: Anchor) -> str | None:
    seq = int(entry["seq"])
    where = f"Entry {seq} ({entry['at']:%Y-%m-%d %H:%M:%S} UTC, {entry['action']})"
    if seq > last.seq + 1:
        gone = (
            f"Entry {last.seq + 1} is" if seq == last.seq + 2 else f"Entries {last.seq + 1} to {seq - 1} are"
        )
        return f"{gone} missing."
    if seq != last.seq + 1:
        return f"{where} stands where no entry can stand."
    if hash_of(entry) != entry["hash"]:
        return f"{where} is not as it was written."
    if entry["previous"] != last.hash:
        return f"{where} does not follow the entry before it: one of the two was put there later."
    return None


def _unlike(entry: Mapping[str, Any], noted: Mapping[int, str]) -> str | None:
    known = noted.get(int(entry["seq"]))
    if known is None or known == entry["hash"]:
        return None
    return f"Entry {entry['seq']} is not the one whose hash was noted: the log was written anew."


def _end_fault(last: Anchor, head: Anchor | None, noted: Mapping[int, str]) -> str | None:
    if head is None:
        return "The head of the log is missing: nobody can say whether entries are missing at the end."
    furthest = max(noted, default=0)
    if max(head.seq, furthest) > last.seq:
        end = max(head.seq, furthest)
        gone = f"Entry {end} is" if end == last.seq + 1 else f"Entries {last.seq + 1} to {end} are"
        return f"{gone} missing at the end."
    if head.seq < last.seq:
        return f"Entry {head.seq + 1} was put in behind the head of the log."
    if head.hash != last.hash:
        return f"The head of the log does not fit entry {last.seq}."
    return None
