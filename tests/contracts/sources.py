"""Our own source files, parsed once, for the tests of the house rules."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hub", "connectors", "recordings", "webui")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """As a person would write it: `hub/app.py`."""
        return str(self.path.relative_to(ROOT))

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@lru_cache
def sources(*packages: str) -> tuple[Source, ...]:
    """Every Python file of these packages (of all of ours by default)."""
    return tuple(
        _parsed(path) for package in packages or PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
    )


@cache
def _parsed(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path, text, ast.parse(text))


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def broken(rule: Callable[[Source], Iterator[str]], files: Iterable[Source] | None = None) -> list[str]:
    """Where a rule is broken, as `file:line what`."""
    return [found for source in (sources() if files is None else files) for found in rule(source)]


def modules() -> list[Path]:
    """The folders of the business modules."""
    inside = sorted(path.parent for path in (ROOT / "hub" / "modules").glob("*/module.py"))
    return [*inside, ROOT / "recordings"]


def package_of(folder: Path) -> str:
    """A module's folder as Python calls it: `hub.modules.calls`, `recordings`."""
    return ".".join(folder.relative_to(ROOT).parts)
