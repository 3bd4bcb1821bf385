"""Imports go one way: the contracts of pyproject.toml, and a module's privacy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.main import MODULES
from tests.contracts.sources import ROOT, Source, broken, sources

OUTSIDE_ONLY = ("aiohttp", "jinja2", "redis", "webui", "connectors")


def test_the_import_contracts_are_kept() -> None:
    # In a process of its own: called in ours, it switches off every logger that exists.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(source: Source) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def part_of(name: str) -> tuple[str, str] | None:
    """`hub.modules.calls.models.Call` is the part `models` of `calls`."""
    words = name.split(".")
    if words[0] == "recordings" and len(words) > 1:
        return words[0], words[1]
    if words[:2] != ["hub", "modules"] or len(words) < 4:
        return None
    return words[2], words[3]


def outside_of(source: Source, owner: str) -> bool:
    return not source.name.startswith(f"{folder_of(owner)}/")


def folder_of(owner: str) -> str:
    return owner if owner == "recordings" else f"hub/modules/{owner}"


def allowed(source: Source, part: str) -> bool:
    """Others see a module's `api`; catalogue and door its manifest; migrations its models."""
    if part == "api":
        return True
    if part == "module":
        return source.name in ("hub/modules/catalogue.py", "hub/main.py")
    return part == "models" and source.name.startswith("hub/migrations/")


def trespasses(source: Source) -> Iterator[str]:
    for name in imported(source):
        part = part_of(name)
        if part is None or not outside_of(source, part[0]) or allowed(source, part[1]):
            continue
        if (ROOT / folder_of(part[0]) / f"{part[1]}.py").exists():
            yield f"{source.name} imports {name}"


def transports(source: Source) -> Iterator[str]:
    if source.path.name.startswith(("rules", "service", "handlers", "jobs", "matching", "statements")):
        for name in imported(source):
            if name.split(".")[0] in OUTSIDE_ONLY:
                yield f"{source.name} imports {name}"


def strangers(source: Source) -> Iterator[str]:
    """A module uses only what its manifest requires."""
    owner = next((m for m in MODULES if source.name.startswith(f"{folder_of(m.name)}/")), None)
    if owner is None:
        return
    for part in map(part_of, imported(source)):
        if part is not None and part[0] not in (owner.name, *owner.requires):
            yield f"{source.name} uses {part[0]}"


def test_a_module_is_seen_by_others_through_its_api_only() -> None:
    assert broken(trespasses) == []


def test_rules_services_and_handlers_know_no_transport() -> None:
    assert broken(transports, sources("hub/modules", "recordings")) == []


def test_a_module_uses_only_modules_that_it_requires() -> None:
    assert broken(strangers, sources("hub/modules", "recordings")) == []
