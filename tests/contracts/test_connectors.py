"""Each connector states its quality in its `__init__`, and what it states is there: connectors/README.md."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from connectors.catalogue import CONNECTORS
from hub.reading import names_of, own_sections
from hub.settings import Secret
from tests.contracts.sources import ROOT, sources

CRITERIA = {
    "bronze": ("samples", "stops", "secrets"),
    "silver": ("reconnects", "duplicates", "rate", "health"),
    "gold": ("replay", "page", "statuses"),
}
LEVELS = tuple(CRITERIA)
FOLDERS = tuple(sorted(path.parent for path in (ROOT / "connectors").glob("*/entry.py")))
SECRET = re.compile(r"(^|_)(token|secret|password|passphrase|key)s?$")
OUTSIDE = {"asyncio", "socket", "ssl", "subprocess", "os", "time", "random", "http", "urllib", "aiohttp"}
"""What a pure translation has no use for."""
every = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def card_of(folder: Path) -> str:
    return importlib.import_module(f"connectors.{folder.name}").__doc__ or ""


def level_of(folder: Path) -> str:
    found = re.search(r"^Quality: (\w+)$", card_of(folder), re.MULTILINE)
    return found[1] if found else ""


def evidence_of(folder: Path) -> dict[str, str]:
    """Criterion to the test that shows it, or to `none: why`."""
    _, _, lines = card_of(folder).partition("Quality: ")
    return dict(re.findall(r"^  (\w+) +(\S.*)$", lines, re.MULTILINE))


def wanted_of(folder: Path) -> set[str]:
    upto = LEVELS.index(level_of(folder)) + 1
    return {criterion for level in LEVELS[:upto] for criterion in CRITERIA[level]}


def named_tests(folder: Path) -> Iterator[tuple[str, Path, str]]:
    for criterion, where in evidence_of(folder).items():
        if not where.startswith("none: "):
            place, _, name = where.partition("::")
            base = ROOT if "/" in place else ROOT / "tests/connectors" / folder.name
            yield criterion, base / place, name


def test_every_connector_of_the_catalogue_is_judged() -> None:
    built = {entry.build.__module__.split(".")[1] for entry in CONNECTORS}
    assert {folder.name for folder in FOLDERS} == built
    names = [entry.name for entry in CONNECTORS]
    assert len(names) == len(set(names))


@every
def test_a_connector_says_its_level_and_its_evidence_for_each_criterion(folder: Path) -> None:
    assert level_of(folder) in LEVELS, 'its __init__ says "Quality: bronze", silver or gold'
    assert set(evidence_of(folder)) >= wanted_of(folder)
    strange = set(evidence_of(folder)) - {one for criteria in CRITERIA.values() for one in criteria}
    assert strange == set()


@every
def test_the_tests_that_it_names_are_there_and_what_has_none_says_why(folder: Path) -> None:
    missing = []
    for criterion, path, name in named_tests(folder):
        found = path.is_file() and re.search(rf"def {name}\(", path.read_text(encoding="utf-8"))
        if not name.startswith("test_") or not found:
            missing.append(f"{criterion}: {path.name}::{name}")
    assert missing == []
    reasons = [where for where in evidence_of(folder).values() if where.startswith("none:")]
    assert [reason for reason in reasons if len(reason) < 20] == []


@every
def test_a_translation_that_is_tested_has_its_recorded_samples(folder: Path) -> None:
    if any(criterion == "samples" for criterion, _, _ in named_tests(folder)):
        place = ROOT / "tests/connectors" / folder.name
        samples = [path for path in place.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
        assert samples != []


@every
def test_translating_is_pure(folder: Path) -> None:
    for source in sources(f"connectors/{folder.name}"):
        if source.path.name == "translate.py":
            imported = {
                (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
                for node in ast.walk(source.tree)
                if isinstance(node, ast.ImportFrom | ast.Import)
                for alias in node.names
            }
            assert {name.split(".")[0] for name in imported} & OUTSIDE == set()


@every
def test_what_is_secret_is_of_a_kind_that_shows_itself_nowhere(folder: Path) -> None:
    entry = next(one for one in CONNECTORS if one.build.__module__.split(".")[1] == folder.name)
    if entry.section is not None:
        made = entry.section()
        open_ones = [
            spec.name
            for spec in fields(made)
            if SECRET.search(spec.name) and not isinstance(getattr(made, spec.name), Secret)
        ]
        assert open_ones == []


@every
def test_settings_of_its_own_stand_in_its_card_and_take_nobodys_name(folder: Path) -> None:
    entry = next(one for one in CONNECTORS if one.build.__module__.split(".")[1] == folder.name)
    if entry.section is not None:
        assert entry.name not in own_sections()
        assert entry.section.__doc__
        card = card_of(folder)
        assert [name for name in names_of({entry.name: entry.section}) if name not in card] == []


@every
def test_one_that_reconnects_says_failures_in_our_words(folder: Path) -> None:
    if level_of(folder) != "bronze":
        texts = [source.text for source in sources(f"connectors/{folder.name}")]
        assert any("status.report(" in text or ".report(" in text for text in texts)
        assert any("hub.ports.errors import" in text for text in texts)


@every
def test_gold_reads_its_recorded_days_again(folder: Path) -> None:
    if level_of(folder) == "gold":
        assert (folder / "replay.py").is_file()


def test_the_readme_says_the_same_levels_and_explains_every_criterion() -> None:
    readme = (ROOT / "connectors/README.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)` \| (bronze|silver|gold)", readme, re.MULTILINE))
    known = {folder.name: level_of(folder) for folder in FOLDERS}
    assert {name: level for name, level in said.items() if known.get(name) != level} == {}
    explained = set(re.findall(r"^\| (?:\w+|) ?\| `(\w+)` \|", readme, re.MULTILINE))
    assert explained == {one for criteria in CRITERIA.values() for one in criteria}
