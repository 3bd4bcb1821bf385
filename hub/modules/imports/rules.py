"""Pure rules of imports: what a column probably means, and what a row says of a client and a car."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from hub.kernel.spreadsheet import plain
from hub.modules.crm.api import ClientEntry, ImportedRow, Kind, PhoneEntry, Relation, VehicleEntry

TARGETS: tuple[str, ...] = (
    "", "name", "first_name", "middle_name", "last_name", "company", "phone", "phone_label", "email", "note",
    "source", "segments", "tags", "language", "birthday", "relation", "blocked_reason", "plate", "vin",
    "make", "model", "year", "mileage",
)  # fmt: skip
"""What a column may mean; "" is left out. Phones, e-mails, notes, tags may stand in several columns."""

_GUESSES: Mapping[str, str] = {
    "name": (
        r"name|full ?name|fn|имя|фио|ф\.?и\.?о\.?|клиент|контакт|ім.?я|піб|п\.?і\.?б\.?|клієнт|"
        r"назва|название|наименование"
    ),
    "first_name": r"(first|given) ?name|имя \(личное\)|власне ім.?я",
    "middle_name": r"(middle|additional) ?name|отчество|по батькові",
    "last_name": r"(last|family) ?name|surname|фамилия|прізвище",
    "company": (
        r"(organization|company|org)( \d+ - )?( ?name)?|компания|фирма|компанія|фірма|організація|"
        r"организация"
    ),
    "phone_label": r"phone \d+ - (type|label)",
    "phone": (
        r"phone( ?\d+)?( - value)?|tel.*|mobile( phone)?|cell|тел.*|моб.*|номер телефон.*|"
        r"home phone|business phone"
    ),
    "email": r"e-?mail( address)?( ?\d+)?( - value)?|почта|пошта|эл\. ?почта|ел\. ?пошта|email.*",
    "note": r"notes?|comments?|примечани[ея]|комментари[йи]|заметк[аи]|примітк[аи]|коментар[і]?|нотатк[аи]",
    "source": r"source|источник|джерело|реклама|откуда",
    "segments": r"segments?|сегмент[ыи]?|группа|група|категория|категорія",
    "tags": r"tags?|labels?|group membership|метк[аи]|теги?|мітк[аи]|categories",
    "language": r"lang(uage)?|язык|мова",
    "birthday": (
        r"birth ?(day|date)|date of birth|bday|(день|дата) рождения|(день|дата) народження|д\.? ?[рн]\.?"
    ),
    "relation": r"relation|тип",
    "blocked_reason": r"black ?list|ч[её]рный список|чорний список",
    "plate": (
        r"plate|licen[cs]e plate|reg.*number|гос\.? ?номер|госномер|номер авто|держ\.? ?номер|"
        r"держномер|номерний знак|номер машини|номер"
    ),
    "vin": r"vin.*|він|вин|вин-?код|vin-?код",
    "make": r"make|brand|марка.*",
    "model": r"model|модель.*|авто|автомобиль|автомобіль|машина",
    "year": r"year|год.*|рік.*",
    "mileage": r"mileage.*|odometer|пробег.*|пробіг.*",
}
_LABELS = re.compile(r"^\*\s*")
_SPLIT = re.compile(r"\s*(?::::|;|,|\n|/)\s*")
_SPOILT = re.compile(r"\d[.,]\d+E\+?\d{1,2}", re.IGNORECASE)
_LANGUAGES = {
    "ua": "uk", "uk": "uk", "ukrainian": "uk", "українська": "uk", "украинский": "uk",
    "ru": "ru", "russian": "ru", "російська": "ru", "русский": "ru",
    "en": "en", "english": "en", "англійська": "en", "английский": "en",
}  # fmt: skip
_COMPANY = re.compile(
    r"^(тов|фоп|тзов|ооо|зао|пп|прат|пат|ао|ltd|llc|gmbh)\b|\b(ltd|llc|gmbh|inc)\.?$", re.IGNORECASE
)
_RELATIONS = frozenset({"client", "supplier", "staff", "spam", "other"})


def signature(head: Sequence[str]) -> str:
    """What files with the same head share."""
    return hashlib.sha256("\x1f".join(cell.casefold().strip() for cell in head).encode()).hexdigest()


def guess(head: Sequence[str]) -> list[str]:
    """What each column probably means."""
    found: list[str] = []
    for cell in head:
        name = cell.casefold().strip().strip("*:")
        target = next((one for one, form in _GUESSES.items() if re.fullmatch(form, name)), "")
        if target in ("plate", "model", "make", "vin", "name") and target in found:
            target = ""
        found.append(target)
    return found


def checked(mapping: Sequence[str], width: int) -> list[str]:
    """One meaning for each column; what is not known is left out."""
    known = [one if one in TARGETS else "" for one in mapping[:width]]
    return [*known, *[""] * (width - len(known))]


def is_enough(mapping: Sequence[str]) -> bool:
    """Whether a row can become a client at all."""
    return bool({"name", "first_name", "last_name", "company", "phone"} & set(mapping))


def row_of(cells: Sequence[str], mapping: Sequence[str]) -> ImportedRow:
    """A client and perhaps a car, as the row says it. Raises nothing: what is wrong crm finds."""
    cells = [plain(cell) for cell in cells]
    values: dict[str, list[str]] = {}
    labels: dict[int, str] = {}
    for place, target in enumerate(mapping):
        cell = cells[place] if place < len(cells) else ""
        if target and cell:
            values.setdefault(target, []).append(cell)
        if target == "phone_label":
            labels[place + 1] = cell

    def one(name: str) -> str:
        return values.get(name, [""])[0]

    name = one("name") or " ".join(filter(None, (one("last_name"), one("first_name"), one("middle_name"))))
    company = one("company")
    kind: Kind = "company" if (company and not name) or _COMPANY.search(name) else "person"
    notes = [*values.get("note", [])]
    if company and name and company != name:
        notes.append(company)
    relation = one("relation").casefold()
    entry = ClientEntry(
        kind=kind, name=(name or company)[:200], phones=_phones(cells, mapping, labels),
        emails=_many(values.get("email", [])), note="\n".join(notes)[:10_000], source=one("source")[:100],
        relation=cast("Relation", relation if relation in _RELATIONS else "client"),
        segments=_many(values.get("segments", [])), tags=_many(values.get("tags", [])),
        language=_LANGUAGES.get(one("language").casefold()),
        blocked_reason=one("blocked_reason")[:500] or None, birthday=one("birthday").lstrip("'")[:40],
    )  # fmt: skip
    car = VehicleEntry(
        plate=one("plate"), vin=one("vin"), make=one("make"), model=one("model"), year=_whole(one("year")),
        mileage_km=_whole(one("mileage")),
    )  # fmt: skip
    has_car = bool(car.plate or car.vin or car.make or car.model)
    return ImportedRow(entry=entry, cars=(car,) if has_car else ())


def _phones(
    cells: Sequence[str], mapping: Sequence[str], labels: Mapping[int, str]
) -> tuple[PhoneEntry, ...]:
    found: list[PhoneEntry] = []
    for place, target in enumerate(mapping):
        if target != "phone" or place >= len(cells):
            continue
        label = _LABELS.sub("", labels.get(place, ""))[:50]
        whole = [cells[place]] if _SPOILT.fullmatch(cells[place]) else _SPLIT.split(cells[place])
        found += [PhoneEntry(number=_number(one), label=label) for one in whole if one]
    return tuple(replace(one, is_main=place == 0) for place, one in enumerate(found))


def _number(text: str) -> str:
    """A spreadsheet's apostrophe and its `3.80501E+11` are not of the number."""
    text = text.strip().lstrip("'=").strip('"')
    if _SPOILT.fullmatch(text):
        return str(int(float(text.replace(",", "."))))
    return text


def _many(cells: Sequence[str]) -> tuple[str, ...]:
    """Each once; Google's own groups (`* myContacts`) say nothing."""
    parts = [part.strip() for cell in cells for part in re.split(r":::|[;,\n]", cell) if part.strip()]
    return tuple(dict.fromkeys(part for part in parts if not part.startswith("*")))


def _whole(text: str) -> int | None:
    digits = re.sub(r"[\s\u00a0.,]|км|km", "", text.casefold())
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else None
