"""`check`: what must be green before a change goes in. Needs a checkout and the dev group."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hub.errors import Unavailable

_ROOT = Path(__file__).resolve().parents[2]


def check(*, with_tests: bool) -> bool:
    """Run every check, also after one has failed; whether all were green."""
    if not (_ROOT / "tests").is_dir():
        raise Unavailable(
            "check.no_checkout", "There are no tests here.", "`pitline check` works in a checkout of Pitline."
        )
    python = sys.executable
    steps = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import contracts": [str(Path(python).with_name("lint-imports")), "--no-cache", "--no-logo"],
    }
    if with_tests:
        steps["tests"] = [python, "-m", "pytest", "-q"]
    failed = [name for name, command in steps.items() if not _passes(name, command)]
    print(f"FAILED: {', '.join(failed)}" if failed else "All is green.")
    return not failed


def _passes(name: str, command: list[str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.run(command, cwd=_ROOT, check=False).returncode == 0  # noqa: S603 - our own words
