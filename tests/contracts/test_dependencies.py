"""Everything that Pitline asks for stands in the inventory, with a licence that may stand beside ours."""

from __future__ import annotations

import json
import re
import sys
import tomllib

from hub.cli.dependencies import bill_of_materials, inventory
from tests.contracts.sources import ROOT

BESIDE_OURS = {"Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "0BSD", "ISC", "PSF-2.0", "EPL-2.0"}


def asked_for() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(x for more in project["optional-dependencies"].values() for x in more),
    ]
    package = json.loads((ROOT / "webui/assets/package.json").read_text(encoding="utf-8"))
    return {re.split(r"[\[<>=;]", line)[0] for line in lines} | set(package["dependencies"])


def test_the_inventory_is_what_is_asked_for() -> None:
    assert {one.name for one in inventory()[1]} == asked_for()


def test_every_licence_may_stand_beside_ours() -> None:
    for one in inventory()[1]:
        assert set(re.split(r" (?:OR|AND) ", one.licence)) <= BESIDE_OURS, one.name


def test_nothing_that_has_a_successor_is_used() -> None:
    assert [one.name for one in inventory()[1] if one.successor] == []


def test_what_is_held_back_has_its_reason_and_is_held_by_the_project_too() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    package = (ROOT / "webui/assets/package.json").read_text(encoding="utf-8")
    for one in inventory()[1]:
        below, exactly = rf'"{one.name}[^"]*<', rf'"{one.name}": "\d'
        assert not one.held or re.search(below, text) or re.search(exactly, package), one.name


def test_the_bill_of_materials_names_every_part_with_its_version() -> None:
    components = bill_of_materials()["components"]
    only_newer = {"audioop-lts"} if sys.version_info < (3, 13) else set()
    named = {one["name"].lower() for one in components} | {one["name"] for one in components}
    assert asked_for() - only_newer <= named
    assert all(one["version"] and one["purl"].startswith("pkg:") for one in components)
    assert len({one["purl"] for one in components}) == len(components)
