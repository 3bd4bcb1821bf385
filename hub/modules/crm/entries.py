"""What somebody entered, checked and made ready to be stored. Everything typed is kept as typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from hub.errors import Invalid
from hub.kernel.masking import MASK, unmasked
from hub.modules.crm import rules
from hub.modules.crm.rules_birthday import birthday_in
from hub.modules.crm.views import (
    KINDS,
    MESSENGERS,
    RELATIONS,
    ClientEntry,
    Messenger,
    PhoneEntry,
    VehicleEntry,
)
from hub.values import Plate, Vin, is_withheld, normalise_number

_EMAIL = re.compile(r"[^\s@<>\"(),;:\\]+@[^\s@<>\"(),;:\\]+\.[^\s@<>\"(),;:\\]{2,}")
LANGUAGES = ("", "uk", "ru", "en")
MOST_PHONES = 20
MOST_EMAILS = 10
MOST_TAGS = 30
MOST_MESSENGERS = 10


@dataclass(frozen=True, slots=True)
class ReadyPhone:
    """A phone's columns; `key` None never matches a caller."""

    key: str | None
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadyClient:
    """A client's columns, the words of the name, the phones with exactly one main one, the segments."""

    columns: dict[str, Any]
    words: tuple[str, ...]
    phones: tuple[ReadyPhone, ...]
    segments: tuple[str, ...] = ()


class _Wrong:
    """Collects what is wrong, field by field, so that a person mends all of it at once."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def text(self, field: str, value: str, longest: int) -> str:
        if "\x00" in value:
            self.fields[field] = "This contains characters that cannot be kept."
        if len(value) > longest:
            self.fields[field] = "This is too long."
        return value.strip()

    def stop(self) -> None:
        if self.fields:
            raise Invalid("crm.invalid", "Some fields need another look.", fields=self.fields)


def client_unmasked(entry: ClientEntry, old: ClientEntry) -> ClientEntry:
    """The entry of somebody who saw numbers masked: what came back masked stays as it was."""
    numbers = [phone.number for phone in old.phones]
    phones: list[PhoneEntry] = []
    for phone in entry.phones:
        number = unmasked(phone.number, numbers)
        if number in numbers:
            numbers.remove(number)
        label = unmasked(phone.label, [one.label for one in old.phones if one.number == number])
        phones.append(replace(phone, number=number, label=label))
    return replace(
        entry, phones=tuple(phones), name=unmasked(entry.name, [old.name]),
        note=unmasked(entry.note, [old.note]),
        tags=tuple(unmasked(tag, old.tags) for tag in entry.tags),
        segments=tuple(unmasked(one, old.segments) for one in entry.segments),
        blocked_reason=unmasked(entry.blocked_reason or "", [old.blocked_reason or ""]),
        messengers=tuple(
            replace(one, address=unmasked(one.address, [m.address for m in old.messengers]))
            for one in entry.messengers
        ),
    )  # fmt: skip


def ready_client(entry: ClientEntry, country: str) -> ReadyClient:
    """Raises Invalid with every field that is wrong."""
    wrong = _Wrong()
    name = wrong.text("name", entry.name, 200)
    note = wrong.text("note", entry.note, 10_000)
    if entry.kind not in KINDS:
        wrong.fields["kind"] = "Choose a person or a company."
    if entry.relation not in RELATIONS:
        wrong.fields["relation"] = "Choose what they are to the shop."
    if (entry.language or "") not in LANGUAGES:
        wrong.fields["language"] = "Choose one of the languages."
    phones = _phones(entry.phones, country, wrong)
    emails = _emails(entry.emails, wrong)
    tags = _texts("tags", entry.tags, wrong)
    segments = _texts("segments", entry.segments, wrong)
    source = wrong.text("source", entry.source, 100)
    blocked = wrong.text("blocked_reason", entry.blocked_reason or "", 500)
    messengers = _messengers(entry.messengers, wrong)
    birthday = birthday_in(entry.birthday[:40])
    if birthday is None:
        wrong.fields["birthday"] = "Write the day: 14.03.1980, or 14.03 without the year."
    if not name and not phones:
        wrong.fields["name"] = "Enter a name or a phone."
    wrong.stop()
    columns = {
        "kind": entry.kind, "relation": entry.relation, "name": name, "name_key": rules.name_key(name),
        "emails": list(emails), "language": entry.language or None, "tags": list(tags), "note": note,
        "is_archived": entry.is_archived, "source": source, "segments": list(segments),
        "blocked_reason": blocked or None, "messengers": messengers, "birthday": birthday or "",
    }  # fmt: skip
    return ReadyClient(columns, rules.words(name), phones, segments)


def _texts(field: str, entries: tuple[str, ...], wrong: _Wrong) -> tuple[str, ...]:
    """Short texts, each once."""
    texts = tuple(dict.fromkeys(t for t in (wrong.text(field, one, 50) for one in entries) if t))
    if len(texts) > MOST_TAGS:
        wrong.fields[field] = "These are too many."
    return texts


def _messengers(entries: tuple[Messenger, ...], wrong: _Wrong) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for entry in entries:
        address = wrong.text("messengers", entry.address, 100)
        if MASK in address:
            wrong.fields["messengers"] = "Write the whole number."
        if entry.kind not in MESSENGERS:
            wrong.fields["messengers"] = "Choose one of the messengers."
        one = {"kind": entry.kind, "address": address}
        if address and one not in found:
            found.append(one)
    if len(found) > MOST_MESSENGERS:
        wrong.fields["messengers"] = "These are too many."
    return found


def _phones(entries: tuple[PhoneEntry, ...], country: str, wrong: _Wrong) -> tuple[ReadyPhone, ...]:
    """One number in two writings is one phone; the first marked main (else the first) is main."""
    if len(entries) > MOST_PHONES:
        wrong.fields["phones"] = "These are too many."
        return ()
    seen: dict[str, ReadyPhone] = {}
    for entry in entries:
        raw = wrong.text("phones", entry.number, rules.LONGEST_NUMBER)
        label = wrong.text("phones", entry.label, 50)
        if not raw:
            continue
        number = None if is_withheld(raw) else normalise_number(raw, country)
        if MASK in raw:
            wrong.fields["phones"] = "Write the whole number."
            continue
        if number is None:
            wrong.fields["phones"] = "A withheld number is not a phone."
            continue
        key = rules.number_key(raw, country)
        number = key if key is not None and key.startswith("+") else number
        tail = rules.number_tail(key) if key is not None else None
        columns = {"number": number, "raw": raw, "label": label, "key": key, "tail": tail}
        same = seen.setdefault(number, ReadyPhone(key, {**columns, "is_main": False}))
        same.columns["is_main"] = same.columns["is_main"] or entry.is_main
        same.columns["label"] = same.columns["label"] or label
    return _with_one_main(tuple(seen.values()))


def _with_one_main(phones: tuple[ReadyPhone, ...]) -> tuple[ReadyPhone, ...]:
    main = next((p for p in phones if p.columns["is_main"]), phones[0] if phones else None)
    for phone in phones:
        phone.columns["is_main"] = phone is main
    return tuple(sorted(phones, key=lambda p: not p.columns["is_main"]))


def _emails(entries: tuple[str, ...], wrong: _Wrong) -> tuple[str, ...]:
    emails = tuple(dict.fromkeys(e for e in (wrong.text("emails", e, 254) for e in entries) if e))
    if any(_EMAIL.fullmatch(email) is None for email in emails):
        wrong.fields["emails"] = "This is not an e-mail address."
    if len(emails) > MOST_EMAILS:
        wrong.fields["emails"] = "These are too many."
    return emails


def ready_vehicle(entry: VehicleEntry, this_year: int) -> dict[str, Any]:
    """A car's columns. Raises Invalid with every field that is wrong."""
    wrong = _Wrong()
    plate = wrong.text("plate", entry.plate, 20)
    make = wrong.text("make", entry.make, 60)
    model = wrong.text("model", entry.model, 100)
    vin = Vin.parse(wrong.text("vin", entry.vin, 40))
    if entry.vin.strip() and vin is None:
        wrong.fields["vin"] = "A VIN has 17 characters, without I, O and Q."
    if plate and not Plate(plate).key:
        wrong.fields["plate"] = "This is not a plate."
    if entry.year is not None and not 1886 <= entry.year <= this_year + 2:
        wrong.fields["year"] = "There is no such model year."
    if entry.mileage_km is not None and not 0 <= entry.mileage_km <= 9_999_999:
        wrong.fields["mileage_km"] = "This is not a mileage."
    if not (plate or vin or make or model):
        wrong.fields["plate"] = "Enter a plate, a VIN or a model."
    note = wrong.text("note", entry.note, 10_000)
    wrong.stop()
    return {
        "plate": plate or None, "plate_key": Plate(plate).key or None, "vin": vin.text if vin else None,
        "make": make, "model": model, "title_key": rules.name_key(f"{make} {model}"), "year": entry.year,
        "mileage_km": entry.mileage_km, "note": note, "is_archived": entry.is_archived,
    }  # fmt: skip
