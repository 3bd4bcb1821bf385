"""The table of ASVS 5.0: complete, counted truly, and naming tests that are there."""

from __future__ import annotations

import re
from collections import Counter

from tests.contracts.sources import ROOT

TEXT = (ROOT / "config/asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE
)


def test_every_requirement_of_the_chapters_that_apply_stands_there_once() -> None:
    numbers = [row[0] for row in ROWS]
    assert len(numbers) == len(set(numbers)) == 210
    assert {int(one.partition(".")[0]) for one in numbers} == {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16}
    assert numbers == sorted(numbers, key=lambda one: [int(part) for part in one.split(".")])


def test_the_sums_above_the_table_are_those_of_the_table() -> None:
    count = Counter(row[3] for row in ROWS)
    assert set(count) == {"pass", "fail", "n.a."}
    first = sum(row[1] == "1" and row[3] == "fail" for row in ROWS)
    said = f"{count['pass']} pass, {count['fail']} fail, {count['n.a.']} n.a.; of level 1, {first} fail."
    assert said in TEXT


def test_every_test_that_it_names_is_there_and_what_fails_says_why() -> None:
    named = {name for row in ROWS for name in re.findall(r"`(\S+\.py)`", row[5])}
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []
    assert [row[0] for row in ROWS if row[3] != "pass" and len(row[4]) < 4] == []
