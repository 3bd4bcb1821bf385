"""The checkout that something new is written into: all of it or nothing."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hub.errors import Conflict, Unavailable

TEMPLATES = Path(__file__).with_name("templates")
_PLACE = re.compile(r"@\{(\w+)\}")
_LIST = re.compile(r"[A-Z]+: tuple\[.*\] = \(")


class Checkout:
    """A folder with our sources and their tests."""

    def __init__(self, root: Path) -> None:
        """Raises Unavailable where there is no checkout, or its tools are missing."""
        if not (root / "pyproject.toml").is_file() or not (root / "tests").is_dir():
            raise Unavailable(
                "scaffold.no_checkout", "Pitline is installed here without its sources and tests.",
                "Clone the repository, run `make tools` in it once, and use its .venv/bin/pitline.",
            )  # fmt: skip
        if importlib.util.find_spec("ruff") is None:
            raise Unavailable(
                "scaffold.no_tools", "The tools of a checkout are not installed.",
                "Run `make tools` once, or `pip install --group dev`.",
            )  # fmt: skip
        self.root = root
        self._files: dict[Path, str] = {}
        self._before: dict[Path, str] = {}

    def fill(self, template: str, to: Path, values: Mapping[str, str]) -> None:
        """Take a template, or every file of a folder of templates, for writing to `to`."""
        source = TEMPLATES / template
        found = [source] if source.is_file() else sorted(path for path in source.rglob("*.txt"))
        for path in found:
            inner = Path() if source.is_file() else path.relative_to(source).with_suffix("")
            target = self.root / to / Path(str(inner).replace("NAME", values["name"]))
            text = path.read_text(encoding="utf-8")
            self._files[target] = _PLACE.sub(lambda place: values[place[1]], text)

    def add_lines(self, path: str, *, import_line: str, entry: str) -> None:
        """One line among the imports of a catalogue, one at the end of its tuple."""
        place = self.root / path
        lines = place.read_text(encoding="utf-8").split("\n")
        imports = [number for number, line in enumerate(lines) if line.startswith("from ")]
        following = next((n for n in imports if lines[n] > import_line), imports[-1] + 1)
        lines.insert(following, import_line)
        begin = next((number for number, line in enumerate(lines) if _LIST.fullmatch(line)), None)
        if begin is None:
            raise Conflict("scaffold.catalogue", f"{path} has no list of one entry a line.", "Look at it.")
        end = lines.index(")", begin)
        lines.insert(end, f"    {entry},")
        self._before[place] = place.read_text(encoding="utf-8")
        self._files[place] = "\n".join(lines)

    def write(self) -> list[str]:
        """Write everything, sorted and formatted; the new files. Raises Conflict where one is there."""
        new = [path for path in self._files if path not in self._before]
        standing = [path for path in new if path.exists()]
        if standing:
            raise Conflict(
                "scaffold.taken", f"{standing[0].relative_to(self.root)} is there already.",
                "Take another name, or remove it first.",
            )  # fmt: skip
        folders = {self._top(path) for path in new} - {None}
        try:
            for path, text in self._files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            self._tidy([str(path) for path in self._files if path.suffix == ".py"])
        except BaseException:
            self._undo(new, folders)
            raise
        return [str(path.relative_to(self.root)) for path in new]

    def _top(self, path: Path) -> Path | None:
        """The uppermost folder that writing this file makes."""
        made = None
        for folder in path.parents:
            if folder.exists():
                return made
            made = folder
        return made

    def _tidy(self, files: list[str]) -> None:
        """Where a line breaks and how imports sort depends on the name."""
        for words in (["check", "--quiet", "--fix", "--select", "I,RUF022"], ["format", "--quiet"]):
            command = [sys.executable, "-m", "ruff", *words, *files]
            done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
            if done.returncode != 0:
                raise Unavailable("scaffold.ruff", f"ruff failed: {done.stderr or done.stdout}"[:500])

    def _undo(self, new: list[Path], folders: set[Path | None]) -> None:
        for path, text in self._before.items():
            path.write_text(text, encoding="utf-8")
        for path in new:
            path.unlink(missing_ok=True)
        for folder in folders:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
