"""Pure rules of merging: what one record of two is, how it comes apart again, and who looks like whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from hub.modules.crm.views import ClientEntry, Messenger, PhoneEntry

_LISTS = ("phones", "emails", "tags", "segments", "messengers")
_FALLBACKS = ("name", "language", "source", "blocked_reason", "birthday")


def merged_entry(kept: ClientEntry, gone: ClientEntry) -> ClientEntry:
    """One record of two: what the kept one has stays, what it lacks comes from the other. Phones, addresses,
    tags and segments are of both; notes stand below each other; the black list stays a black list."""
    values: dict[str, Any] = {name: getattr(kept, name) or getattr(gone, name) for name in _FALLBACKS}
    for name in _LISTS:
        values[name] = (*getattr(kept, name), *getattr(gone, name))
    values["phones"] = _phones(kept.phones, gone.phones)
    notes = dict.fromkeys(note for note in (kept.note, gone.note) if note)
    values["note"] = "\n\n".join(notes)
    values["is_archived"] = kept.is_archived and gone.is_archived
    return replace(kept, **values)


def _phones(kept: Sequence[PhoneEntry], gone: Sequence[PhoneEntry]) -> tuple[PhoneEntry, ...]:
    return (*kept, *(replace(phone, is_main=False) if kept else phone for phone in gone))


def apart(now: ClientEntry, before: ClientEntry, after: ClientEntry) -> ClientEntry:
    """The kept record as it is once they are two again: what the merging brought goes, what people changed
    since stays."""
    values: dict[str, Any] = {}
    for one in fields(ClientEntry):
        was, then, present = (getattr(entry, one.name) for entry in (before, after, now))
        if present == then:
            values[one.name] = was
        elif one.name in _LISTS:
            brought = [item for item in then if not _among(item, was)]
            values[one.name] = tuple(item for item in present if not _among(item, brought))
        else:
            values[one.name] = present
    return ClientEntry(**values)


def _among(item: object, others: Sequence[object]) -> bool:
    if isinstance(item, PhoneEntry):
        return any(isinstance(one, PhoneEntry) and one.number == item.number for one in others)
    return item in others


def as_json(entry: ClientEntry) -> dict[str, Any]:
    """An entry as a row keeps it."""
    return asdict(entry)


def from_json(stored: dict[str, Any]) -> ClientEntry:
    """The same entry again."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    values["phones"] = tuple(PhoneEntry(**one) for one in stored["phones"])
    values["messengers"] = tuple(Messenger(**one) for one in stored["messengers"])
    return ClientEntry(**values)


def are_similar(one: str, other: str) -> bool:
    """Whether two numbers may be one that was written wrong: a single digit differs, or two neighbours
    changed places."""
    if len(one) != len(other) or one == other:
        return False
    places = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 1:
        return True
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and one[places[0]] == other[places[1]]
        and one[places[1]] == other[places[0]]
    )
