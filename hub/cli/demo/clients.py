"""The clients of the demo shop, read from `clients.txt`: one row each, `name | phones | cars | note`.

A car is `plate make model year` (a make of two words is joined by _); several stand behind semicolons.
The first letter of a row says what they are: + a person, # a company, $ a supplier, ! spam. Most numbers
are nobody's on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.modules.crm.api import Kind, Relation

_RELATIONS: dict[str, Relation] = {"+": "client", "#": "client", "$": "supplier", "!": "spam"}


@dataclass(frozen=True, slots=True)
class DemoCar:
    """A car of a client."""

    plate: str
    make: str
    model: str
    year: int


@dataclass(frozen=True, slots=True)
class DemoClient:
    """Somebody that the shop knows; phones with their labels, the main one first."""

    name: str
    kind: Kind
    relation: Relation
    phones: tuple[tuple[str, str], ...]
    cars: tuple[DemoCar, ...]
    note: str


def demo_clients() -> tuple[DemoClient, ...]:
    """All of them, in the table's order."""
    return tuple(_rows())


def _rows() -> Iterator[DemoClient]:
    table = Path(__file__).with_name("clients.txt").read_text(encoding="utf-8")
    for line in filter(None, map(str.strip, table.splitlines())):
        mark, rest = line[0], line[1:]
        name, phones, cars, note = (part.strip() for part in rest.split("|"))
        kind: Kind = "person" if mark == "+" else "company"
        yield DemoClient(name, kind, _RELATIONS[mark], tuple(_phones(phones)), tuple(_cars(cars)), note)


def _phones(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(","):
        words = part.split()
        digits = [word for word in words if word[0].isdigit()]
        yield " ".join(digits), " ".join(words[len(digits) :])


def _cars(text: str) -> Iterator[DemoCar]:
    for part in filter(None, map(str.strip, text.split(";"))):
        plate, make, *model, year = part.split()
        yield DemoCar(plate, make.replace("_", " "), " ".join(model), int(year))


def is_mobile(number: str) -> bool:
    """Whether a number of the demo (E.164) takes an SMS: its fixed lines are all in Kyiv."""
    return number.startswith("+") and not number.startswith("+38044")
