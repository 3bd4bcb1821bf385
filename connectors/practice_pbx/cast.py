"""Who and what there is on the practice exchange: phones, outside lines, the queue, the callers.

The demo shop (hub/cli/demo) has the same people, lines and clients; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody outside, with the number as their network sends it."""

    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The phones by extension, the outside lines by dialled number, and the rest of the furniture.
    `regulars` are clients who ring in the course of a day in place of a script's own client."""

    people: dict[str, str]
    mobiles: dict[str, str]
    trunks: tuple[str, ...]
    lines: dict[str, str]
    queue: str
    queue_members: tuple[str, ...]
    presented: str
    callers: dict[str, Caller]
    regulars: tuple[Caller, ...]

    def trunk_of(self, line: str) -> str:
        """The outside line by which a dialled number comes in."""
        return self.lines.get(line, self.trunks[0])


def shop_cast() -> Cast:
    """The Ukrainian demo shop."""
    return Cast(
        people={
            "100": "Олег Савчук",
            "101": "Анна Коваль",
            "102": "Богдан Мельник",
            "103": "Ірина Бойко",
            "105": "Тарас Гнатюк",
        },
        mobiles={"100": "380671112233"},
        trunks=("trunk-kyivstar", "trunk-vodafone"),
        lines={
            "0443001122": "trunk-kyivstar",
            "0443001133": "trunk-kyivstar",
            "380955550144": "trunk-vodafone",
        },
        queue="reception",
        queue_members=("101", "102", "103"),
        presented="380443001122",
        callers={
            "kovalchuk": Caller("380501234567", "Ковальчук Олена"),
            "petrenko": Caller("0672345678", "ПЕТРЕНКО А"),
            "taxi": Caller("+380931112200", "TAXI OPTIMA"),
            "shevchuk": Caller("380971239876", ""),
            "parts": Caller("0442210033", "АвтоДеталь"),
            "stranger": Caller("380631234599", ""),
            "second_stranger": Caller("380661010203", ""),
            "withheld": Caller("anonymous", "Anonymous"),
            "hostile": Caller(
                "380991234500", "<script>alert(1)</script>'; DROP TABLE calls_calls;-- \u202eкирилиця\u0301"
            ),
        },
        regulars=(
            Caller("380670001001", ""),
            Caller("0500001002", ""),
            Caller("+380680001003", "KRAVCHENKO"),
            Caller("380950001004", "Олійник Марина"),
            Caller("0670001005", ""),
            Caller("380730001007", ""),
            Caller("+380980001009", ""),
            Caller("380670001011", "Igor"),
            Caller("0500001013", ""),
            Caller("380930001015", "Коваленко М"),
            Caller("+380970001017", ""),
            Caller("380630001021", ""),
            Caller("0442000033", "TOV HLIBNYI DIM"),
        ),
    )
