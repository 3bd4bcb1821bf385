"""The harness itself: it counts truly, repeats itself by its seed, and fails when a run was wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT
from tests.faults.figures import Fault, Figures
from tests.faults.registry import FAULTS

README = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")


def _fault(wanted: int | None = None, seed: int = 1) -> Fault:
    return Fault(Figures("F00", "a test"), seed, wanted)


@pytest.mark.parametrize(("wanted", "count"), [(None, 5), (0, 200), (7, 7), (1000, 200)])
def test_a_sample_all_of_them_or_a_number(wanted: int | None, count: int) -> None:
    assert len(list(_fault(wanted).runs(full=200, sample=5))) == count
    assert len(_fault(wanted).cases(range(200), sample=5)) == count


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    first, again, other = (_fault(seed=seed).cases(range(1000), sample=9) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert [one.random() for one in _fault().runs(full=3, sample=3)] == [
        one.random() for one in _fault().runs(full=3, sample=3)
    ]


def test_a_wrong_run_is_counted_the_next_ones_go_on_and_the_test_fails() -> None:
    fault = _fault()
    for number in range(4):
        with fault.run(f"number {number}"):
            assert number != 2, "two is wrong"
    assert (fault.figures.runs, fault.figures.passed) == (4, 3)
    with pytest.raises(AssertionError, match=r"3/4 passed, seed 1\nnumber 2: two is wrong"):
        fault.judge()


def test_no_run_at_all_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="no run"):
        _fault().judge()


def test_a_figure_beyond_its_limit_is_a_failure() -> None:
    fault = _fault()
    fault.measure("lag", 12.5, 100, " ms")
    fault.judge()
    assert "lag 12.5 ms (<= 100 ms)" in fault.figures.line()
    fault.measure("lost", 1, 0)
    with pytest.raises(AssertionError, match="lost 1 is more than 0"):
        fault.judge()


@pytest.mark.parametrize(("worker", "allowed"), [("", 100), ("gw1", 400)], ids=["alone", "beside others"])
def test_a_time_is_judged_as_asked_where_the_test_is_alone(
    worker: str, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if worker:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
    else:
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    fault = _fault()
    fault.measure("lag", allowed, 100, " ms")
    fault.judge()
    fault.measure("lag", allowed + 1, 100, " ms")
    with pytest.raises(AssertionError, match=f"lag {allowed + 1} ms is more than {allowed} ms"):
        fault.judge()


def test_nothing_wrong_in_many_runs_is_told_with_its_bound() -> None:
    assert Figures("F00", "a test", runs=300).line() == "300/300 passed, below 1.00%"


def test_the_table_names_every_fault_that_is_tested_and_every_test_that_it_names_is_there() -> None:
    rows = dict(re.findall(r"^\| ([FT]\d+) \| (.*) \|$", README, re.MULTILINE))
    assert set(rows) == set(FAULTS)
    marked: dict[str, set[str]] = {number: set() for number in FAULTS}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for numbers in re.findall(r"mark\.fault\(([^)]*)\)", path.read_text(encoding="utf-8")):
            for number in re.findall(r"[FT]\d+", numbers):
                marked[number].add(path.relative_to(ROOT / "tests").as_posix())
    named = {number: set(re.findall(r"`(\S+\.py)`", row)) for number, row in rows.items()}
    assert named == marked
