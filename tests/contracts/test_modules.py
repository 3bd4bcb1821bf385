"""Modules are folders of one shape: manifest, card, tables with their prefix, a place in the catalogue."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from hub.events.catalogue import BY_NAME
from hub.kernel.check import check
from hub.kernel.manifest import Module
from hub.kernel.storage.orm import Base
from hub.main import MODULES
from tests.contracts.sources import modules, package_of


def card_of(module: Module) -> str:
    return importlib.import_module(package_of(module.folder)).__doc__ or ""


def test_the_manifests_pass_their_own_check() -> None:
    check(MODULES)


def test_every_folder_with_a_manifest_is_in_the_catalogue() -> None:
    assert {path.name for path in modules()} == {module.name for module in MODULES}


def test_a_module_comes_after_those_it_requires() -> None:
    names = [module.name for module in MODULES]
    late = [(m.name, need) for m in MODULES for need in m.requires if names.index(need) > names.index(m.name)]
    assert late == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_card_says_what_the_module_owns_and_names_its_tables_and_events(module: Module) -> None:
    card = card_of(module)
    assert 4 <= len(card.strip().splitlines()) <= 12
    assert re.search(r"^Owns: ", card, re.MULTILINE)
    importlib.import_module(f"{package_of(module.folder)}.module")
    tables = {name for name in Base.metadata.tables if name.startswith(module.name + "_")}
    assert tables - set(re.findall(r"\b\w+_\w+\b", card)) == set()
    heard = {event.name for subscription in module.handlers for event in subscription.events}
    assert heard - set(re.findall(r"\b\w+\.\w+\b", card)) == set()
    assert "Events in:" in card
    assert "Events out:" in card


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_card_names_no_event_that_does_not_exist(module: Module) -> None:
    areas = {name.partition(".")[0] for name in BY_NAME}
    lines = re.search(r"Events in:.*", card_of(module), re.DOTALL)
    named = set(re.findall(r"\b[a-z]+\.[a-z_]+\b", lines[0])) if lines else set()
    assert {name for name in named if name.partition(".")[0] in areas} - set(BY_NAME) == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_folder_of_a_manifest_is_its_own(module: Module) -> None:
    assert module.folder.name == module.name
    assert (module.folder / "module.py").is_file()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_page_of_a_module_is_named_after_it(module: Module) -> None:
    strange = [route.name for route in module.routes if not route.name.startswith(module.name + ".")]
    assert strange == []


def test_every_table_belongs_to_a_module_or_to_the_kernel() -> None:
    for path in modules():
        if (path / "models.py").exists():
            importlib.import_module(f"{package_of(path)}.models")
    kernel = ("event_", "job_", "link_", "idempotency_", "backup_", "sealing_", "hook_")
    owners = (*kernel, *(f"{module.name}_" for module in MODULES))
    assert [name for name in Base.metadata.tables if not name.startswith(owners)] == []


def test_locales_come_in_both_languages() -> None:
    found: list[Path] = []
    for path in modules():
        languages = {po.stem for po in (path / "locales").glob("*.po")}
        if languages not in (set(), {"ru", "uk"}):
            found.append(path)
    assert found == []
