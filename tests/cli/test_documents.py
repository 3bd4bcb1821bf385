"""The documents that are generated are up to date."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli.parser import make_parser
from hub.cli.settings_docs import example_toml, markdown_table
from hub.reading import load, names
from hub.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config/hub.example.toml"
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    "backup", "check", "demo", "doctor", "export", "import", "migrate", "new-connector", "new-module",
    "replay", "restore", "run", "seal", "token", "user",
]  # fmt: skip


def test_the_example_file_and_the_readme_list_every_setting_as_it_is() -> None:
    why = "run `python -m hub.cli.settings_docs`"
    assert EXAMPLE.read_text(encoding="utf-8") == example_toml(), why
    assert markdown_table() in README, why
    assert all(f"`{name}`" in README for name in names())


def test_the_example_file_without_its_comment_signs_is_the_defaults(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(tomllib.loads(text)) == set(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    copy = tmp_path / "hub.toml"
    copy.write_text(text, encoding="utf-8")
    assert replace(load({}, copy), given=frozenset()) == Settings()


def _commands() -> list[str]:
    return re.findall(r"^    ([\w-]+)(?:  |$)", make_parser().format_help(), flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme(command: str) -> None:
    assert command in _commands()
    assert f"`pitline {command}" in README


def test_no_command_is_listed_that_is_not_there() -> None:
    assert sorted(_commands()) == COMMANDS


def test_links_in_the_readme_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "connectors/README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_makefile_has_the_targets_that_people_are_told_of() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("run", "tools", "test", "check", "bench", "clean"):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
