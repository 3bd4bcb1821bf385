"""The list of settings as documents show it: config/hub.example.toml and the table in README.md.

`python -m hub.cli.settings_docs` in a checkout writes both anew; a test finds them out of date."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from hub.settings import NO_SECTIONS, Secret, Settings

BEGIN = "<!-- settings: written by `python -m hub.cli.settings_docs` -->"
END = "<!-- end of settings -->"
_ROOT = Path(__file__).resolve().parents[2]
_HEAD = """# Every setting with its default. Copy this file to config/hub.toml and change what you need;
# an unknown name stops the start and the nearest right one is named.
# HUB_<SECTION>__<KEY> in the environment wins over this file; a secret may come from the file that
# HUB_<SECTION>__<KEY>_FILE names.
"""


def example_toml() -> str:
    """The example file: every setting commented out, with its default."""
    parts = [_HEAD]
    for name, section in _sections():
        rows = [f"# {key} = {_toml(value)}" for key, value in _keys(section)]
        comment = "\n".join(f"# {line.strip()}" for line in _doc(section).splitlines())
        parts.append("\n".join([comment, f"[{name}]", *rows]) + "\n")
    return "\n".join(parts)


def markdown_table() -> str:
    """The table of README.md, between its two marks."""
    rows = ["| setting | default | |", "|---|---|---|"]
    for name, section in _sections():
        text = " ".join(_doc(section).split()).replace("|", "\\|")
        for place, (key, value) in enumerate(_keys(section)):
            words = ",".join(map(str, value)) if isinstance(value, tuple) else _toml(value).strip('"')
            shown = f"`{words}`" if words else ""
            meaning = text if place == 0 else ""
            rows.append(f"| `HUB_{name}__{key}`".upper() + f" | {shown} | {meaning} |")
    return "\n".join([BEGIN, *rows, END])


def _sections() -> Iterator[tuple[str, Any]]:
    default = Settings()
    for spec in fields(Settings):
        if spec.name not in NO_SECTIONS:
            yield spec.name, getattr(default, spec.name)


def _keys(section: Any) -> Iterator[tuple[str, Any]]:
    hints = typing.get_type_hints(type(section))
    for spec in fields(section):
        yield spec.name, "" if hints[spec.name] is Secret else getattr(section, spec.name)


def _doc(section: Any) -> str:
    return (type(section).__doc__ or "").strip()


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def write() -> None:
    """Bring both documents up to date."""
    (_ROOT / "config/hub.example.toml").write_text(example_toml(), encoding="utf-8")
    readme = _ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(before + markdown_table() + after, encoding="utf-8")


if __name__ == "__main__":
    write()
