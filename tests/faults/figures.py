"""Counting runs of faults: what a test of a fault is given, and the figures that are printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from tests.patience import within

T = TypeVar("T")
SHOWN = 10


@dataclass
class Figures:
    """What one test saw: how many runs, which went wrong, what was measured."""

    fault: str
    test: str
    runs: int = 0
    wrong: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return self.runs - len(self.wrong)

    def line(self) -> str:
        """`120/120 passed; loop lag p99 12 ms (<= 100)`. Nothing wrong in n runs is below 3/n (95 %)."""
        bound = f", below {3 / self.runs:.2%}" if self.runs >= 20 and not self.wrong else ""
        return "; ".join([f"{self.passed}/{self.runs} passed{bound}", *self.measured])


class Fault:
    """The runs of one test. `wanted` is None for the sample, 0 for the full counts, else a number."""

    def __init__(self, figures: Figures, seed: int, wanted: int | None) -> None:
        self.figures = figures
        self.seed = seed
        self._wanted = wanted

    def count(self, *, full: int, sample: int) -> int:
        """How many runs are asked for."""
        if self._wanted is None:
            return min(sample, full)
        return full if self._wanted == 0 else min(self._wanted, full)

    def random(self, *more: object) -> Random:
        """Chance that is the same whenever seed and test are the same."""
        return Random(" ".join(map(str, (self.seed, self.figures.test, *more))))

    def runs(self, *, full: int, sample: int) -> Iterator[Random]:
        """Each run with a chance of its own. Put the run into `with fault.run(...)`."""
        for number in range(self.count(full=full, sample=sample)):
            yield self.random(number)

    def cases(self, given: Sequence[T], *, sample: int) -> list[T]:
        """All of them in full counts, else a sample by the seed."""
        wanted = self.count(full=len(given), sample=sample)
        return list(given) if wanted == len(given) else self.random("cases").sample(list(given), wanted)

    @contextmanager
    def run(self, what: str) -> Iterator[None]:
        """One run: a failed assertion is counted and told at the end, the next runs go on."""
        self.figures.runs += 1
        try:
            yield
        except AssertionError as error:
            told = str(error).strip().splitlines()
            self.figures.wrong.append(f"{what}: {told[0] if told else 'failed'}")

    def check(self, what: str, is_right: bool) -> None:
        """One run whose outcome is known already."""
        self.figures.runs += 1
        if not is_right:
            self.figures.wrong.append(what)

    def measure(
        self, name: str, value: float, limit: float, unit: str = "", *, is_exact: bool = False
    ) -> None:
        """A figure with its limit; beyond it, the run is wrong. A time has the patience of the tests, where
        it is not the difference of two that the machine slows down alike."""
        allowed = within(limit) if unit.strip() in ("s", "ms") and not is_exact else limit
        self.figures.measured.append(f"{name} {value:g}{unit} (<= {limit:g}{unit})")
        self.check(f"{name} {value:g}{unit} is more than {allowed:g}{unit}", value <= allowed)

    def judge(self) -> None:
        """Fail the test when a run went wrong, or when there was none."""
        assert self.figures.runs, "no run was counted"
        wrong = self.figures.wrong
        more = f"\n... and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        assert not wrong, f"{self.figures.line()}, seed {self.seed}\n" + "\n".join(wrong[:SHOWN]) + more
