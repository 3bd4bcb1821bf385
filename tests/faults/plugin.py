"""The marker `fault`, the options that say how many runs, and the table at the end.

`@pytest.mark.fault("F84")` marks a test of that fault. A test that asks for the fixture `fault` counts
its runs itself; any other counts as one run. Loaded by tests/conftest.py.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

import pytest

from tests.faults.figures import Fault, Figures
from tests.faults.registry import FAULTS

COLLECTED = "collected-fault-figures"
OWN = pytest.StashKey[Figures]()
LONG = 3600


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption(
        "--fault-runs", default="sample", help="sample (as in CI), full (as in `make faults`), or a number"
    )
    group.addoption("--fault-seed", type=int, default=20261128, help="what chance begins with; it is printed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(number): a fault of tests/faults/registry.py is provoked")
    config.pluginmanager.register(Collected(), COLLECTED)
    _wanted(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    is_long = _wanted(config) is not None
    for item in items:
        for number in _numbers(item):
            if number not in FAULTS:
                raise pytest.UsageError(f"{item.nodeid} tests {number}, which is not in the registry")
            if is_long:
                item.add_marker(pytest.mark.timeout(LONG))


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """The runs of this test: how many, with which chance, and how they went."""
    item, config = request.node, request.config
    figures = Figures(_numbers(item)[0], item.nodeid)
    item.stash[OWN] = figures
    made = Fault(figures, config.getoption("--fault-seed"), _wanted(config))
    yield made
    made.judge()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    numbers = _numbers(item)
    if numbers and call.when == "call":
        own = item.stash.get(OWN, None)
        if own is None:
            own = Figures(numbers[0], item.nodeid, 0 if report.skipped else 1)
        if report.failed and not own.wrong:
            own.runs = max(own.runs, 1)
            own.wrong.append("the test itself failed")
        # On the report, as plain data: with several test processes it is what reaches the one that prints.
        vars(report)["fault_figures"] = [{**asdict(own), "fault": number} for number in numbers]
    return report


class Collected:
    """The figures of all tests, whichever process ran them."""

    def __init__(self) -> None:
        self.figures: list[Figures] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.figures += [Figures(**one) for one in getattr(report, "fault_figures", ())]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    collected = config.pluginmanager.get_plugin(COLLECTED)
    assert isinstance(collected, Collected)
    seen = sorted(collected.figures, key=lambda one: (one.fault[0], int(one.fault[1:]), one.test))
    if not seen:
        return
    runs, seed = config.getoption("--fault-runs"), config.getoption("--fault-seed")
    terminalreporter.section(f"faults ({runs} runs, seed {seed})")
    for number, group in groupby(seen, key=lambda one: one.fault):
        tests = list(group)
        total, passed = sum(one.runs for one in tests), sum(one.passed for one in tests)
        terminalreporter.write_line(f"{number} {passed}/{total} {FAULTS[number]}")
        for name, group_of_one in groupby(tests, key=_short):
            terminalreporter.write_line(f"      {name}: {_together(list(group_of_one)).line()}")


def _short(figures: Figures) -> str:
    """`test_file.py::test_name`, whatever it is parametrized with."""
    return figures.test.partition("[")[0].rpartition("/")[2]


def _together(several: Sequence[Figures]) -> Figures:
    """The same test with other parameters, as one."""
    total = Figures(several[0].fault, several[0].test)
    for one in several:
        total.runs += one.runs
        total.wrong += one.wrong
        total.measured += one.measured
    return total


def _numbers(item: pytest.Item) -> list[str]:
    found = dict.fromkeys(str(number) for mark in item.iter_markers("fault") for number in mark.args)
    return list(found)


def _wanted(config: pytest.Config) -> int | None:
    asked = str(config.getoption("--fault-runs"))
    if asked == "sample":
        return None
    if asked == "full":
        return 0
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    raise pytest.UsageError(f"--fault-runs {asked}: sample, full, or a number above zero")
