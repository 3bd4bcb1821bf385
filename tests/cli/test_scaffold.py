"""`new-module` and `new-connector`: green at once in a fresh copy, two lines outside, and clear refusals."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.cli.commands import run_command
from hub.cli.scaffold.checkout import Checkout
from hub.cli.scaffold.names import check_title
from hub.errors import HubError, Invalid, Unavailable
from hub.kernel.storage.migrating import revisions

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("hub", "connectors", "recordings", "webui", "config", "tests")
FILES = ("pyproject.toml", "README.md", "Makefile", "hatch_build.py")
CACHES = {".mypy_cache", "__pycache__", ".ruff_cache", ".pytest_cache"}
LEFT_OUT = shutil.ignore_patterns("__pycache__", "vendor")


def texts_of(root: Path) -> dict[str, str]:
    """Every file that is not one of bytes."""
    found = {}
    for path in root.rglob("*"):
        is_text = path.suffix in (".py", ".toml", ".md", ".po", ".html", ".json", ".txt", "")
        if is_text and path.is_file() and not CACHES & set(path.parts):
            found[str(path.relative_to(root))] = path.read_text(encoding="utf-8")
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """This checkout without what the new parts do not need; its mypy cache spares half a minute."""
    root = tmp_path / "checkout"
    for part in PARTS:
        shutil.copytree(ROOT / part, root / part, ignore=LEFT_OUT)
    for name in FILES:
        shutil.copy2(ROOT / name, root)
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", root / ".mypy_cache")
    return root


def ran(root: Path, *words: str) -> str:
    """A command in that checkout, which must go well; its output."""
    environment = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def added(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Lines that came or went, by file, of files that were there before."""
    changed: dict[str, list[str]] = {}
    for name, old in before.items():
        new = after.get(name, "")
        if new != old:
            lines = difflib.ndiff(old.splitlines(), new.splitlines())
            changed[name] = [line for line in lines if line[0] in "+-"]
    return changed


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_generated_is_green_at_once_with_two_lines_outside(copy: Path) -> None:
    before = texts_of(copy)
    ran(copy, "hub", "new-module", "fleet", "--title", "Fleet", "--ru", "Автопарк", "--uk", "Автопарк")
    ran(copy, "hub", "new-connector", "cloud_pbx")
    after = texts_of(copy)
    assert added(before, after) == {
        "hub/modules/catalogue.py": [
            "+ from hub.modules.fleet.module import MODULE as FLEET", "+     FLEET,"
        ],
        "connectors/catalogue.py": [
            "+ from connectors.cloud_pbx.entry import ENTRY as CLOUD_PBX", "+     CLOUD_PBX,"
        ],
    }  # fmt: skip
    new = set(after) - set(before)
    assert f"hub/migrations/versions/{max(int(one[:4]) for one in revisions()) + 1:04}_fleet.py" in new
    assert all("fleet" in name or "cloud_pbx" in name for name in new)
    assert "All is green." in ran(copy, "hub", "check", "--without-tests")
    judges = ["tests/contracts", "tests/modules/fleet", "tests/connectors/cloud_pbx"]
    ran(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", "not import_contracts_are_kept", *judges)


BAD_NAMES = [
    "Fleet", "my-module", "1st", "a", "x" * 21, "fleet cars", "../fleet", "флот", "", "_x", "a__b", "class",
    "match", "list", "json", "email", "aiohttp", "hub",
]  # fmt: skip


@pytest.mark.parametrize("command", ["new-module", "new-connector"])
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_cannot_be_is_refused_with_what_to_do(
    command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([command, "--", name], {}) in (1, 2)
    said = capsys.readouterr().err
    assert repr(name) in said
    assert "hint: " in said


@pytest.mark.parametrize(
    ("command", "name", "said"),
    [
        ("new-module", "calls", "the module Calls"),
        ("new-module", "vehicles", "an address of the module crm"),
        ("new-module", "settings", "an address"), ("new-module", "event", "tables of the kernel"),
        ("new-module", "modules", "a name of the house"), ("new-module", "book", "an address of the program"),
        ("new-module", "people", "a right or topic of the module access"),
        ("new-connector", "ami", "a connector"), ("new-connector", "outbound", "a folder or file"),
        ("new-connector", "server", "the section [server]"), ("new-connector", "entry", "folder or file"),
    ],
)  # fmt: skip
def test_a_name_that_is_in_use_is_refused_and_says_by_what(
    command: str, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([command, name], {}) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "hint: Take another name." in told


@pytest.mark.parametrize("title", ["", " ", 'a"b', "a'b", "100%", "{{x}}", "<b>", "x" * 41, "a\nb", "a\\b"])
def test_a_title_that_would_break_a_text_is_refused(title: str) -> None:
    with pytest.raises(Invalid):
        check_title(title)


def test_without_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Checkout(tmp_path)
    assert caught.value.code == "scaffold.no_checkout"
    assert "Clone the repository" in caught.value.hint


def test_what_goes_wrong_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").touch()
    catalogue = tmp_path / "catalogue.py"
    catalogue.write_text("from a import A\n\nTHINGS: tuple[int, ...] = (\n    A,\n)\n", encoding="utf-8")
    before = texts_of(tmp_path)
    checkout = Checkout(tmp_path)
    checkout.fill("connector/code", Path("new/place"), {"name": "not a name", "Name": "!", "NAME": "!"})
    checkout.add_lines("catalogue.py", import_line="from b import B", entry="B")
    with pytest.raises(HubError) as caught:
        checkout.write()
    assert caught.value.code == "scaffold.ruff"
    assert texts_of(tmp_path) == before
    assert not (tmp_path / "new").exists()
